/** A disk of some megabytes that can be filled up, where the system lets this process mount one (Linux, as root). */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK_BYTES = 1 << 22;

export class SmallDisk {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined where it may not be mounted. */
  static mount(folder: string, bytes: number): SmallDisk | undefined {
    mkdirSync(folder, { recursive: true });
    try {
      const options = `size=${bytes},mode=0700`;
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder], { stdio: 'ignore' });
      return new SmallDisk(folder);
    } catch {
      return undefined;
    }
  }

  get #filler(): string {
    return join(this.#folder, 'filler');
  }

  /** Leaves no room for anything. */
  async fill(): Promise<void> {
    const file = await open(this.#filler, 'w');
    const block = new Uint8Array(BLOCK_BYTES);
    try {
      // The last one goes in as far as there is room.
      for (;;) await file.write(block);
    } catch {
      // Full, which is what was wanted.
    } finally {
      await file.close();
    }
  }

  async empty(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.#folder]);
  }
}

/**
 * A lock file between processes, so that two set-ups at once do the work once. Plain JavaScript because bootstrap.mjs
 * needs it before anything is installed. What the lock guards is also atomic by itself: a lock broken by mistake costs
 * time, never data.
 */
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const REFRESH_MS = 10_000;
const STALE_AFTER_MS = 120_000;

/** True when the holder has died (same machine) or has not refreshed the file for two minutes (any machine). */
function isAbandoned(path) {
  try {
    const { pid, host } = JSON.parse(readFileSync(path, 'utf8'));
    if (Date.now() - statSync(path).mtimeMs > STALE_AFTER_MS) return true;
    if (host !== hostname()) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // ESRCH: the holder is gone. Unparsable: caught between creation and writing, or damaged; age decides.
    if (error.code === 'ESRCH') return true;
    if (error instanceof SyntaxError) {
      try {
        return Date.now() - statSync(path).mtimeMs > REFRESH_MS;
      } catch {
        return false;
      }
    }
    return false;
  }
}

/**
 * Runs `work` while holding the lock file at `path`; waits for another holder, calling `onWait` once when it has to.
 */
export async function withFileLock(path, work, onWait = () => {}) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(path)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) onWait();
    told = true;
    await sleep(250);
  }
  const refresh = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // The folder was removed under us; the work itself will say so.
    }
  }, REFRESH_MS);
  refresh.unref();
  try {
    return await work();
  } finally {
    clearInterval(refresh);
    rmSync(path, { force: true });
  }
}

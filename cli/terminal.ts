/**
 * Where a command's words go: results to standard output, progress and remarks to standard error, nothing else
 * anywhere.
 */
export interface Terminal {
  /** The command was asked for one JSON document on standard output. */
  readonly json: boolean;
  /** Standard error is a terminal that can redraw lines. */
  readonly interactive: boolean;
  /** A result for people; silent with --json. */
  print(text: string): void;
  /** The one JSON document, when it was asked for; silent otherwise. Call at most once. */
  printJson(value: unknown): void;
  /** Progress, remarks and warnings. */
  note(text: string): void;
  /**
   * Progress as it stands now, over the lines that the last call drew; plain changed lines where nothing can be
   * redrawn.
   */
  redraw(lines: readonly string[]): void;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export function openTerminal(
  json: boolean,
  output: Stream = process.stdout,
  progress: Stream = process.stderr,
): Terminal {
  const interactive = progress.isTTY === true;
  let drawn: readonly string[] = [];
  const forget = () => {
    drawn = [];
  };
  return {
    json,
    interactive,
    print(text) {
      if (json) return;
      forget();
      output.write(`${text}\n`);
    },
    printJson(value) {
      if (!json) return;
      output.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    note(text) {
      forget();
      progress.write(`${text}\n`);
    },
    redraw(lines) {
      if (!interactive) {
        for (const line of lines.filter((line) => !drawn.includes(line))) progress.write(`${line}\n`);
        drawn = [...lines];
        return;
      }
      const width = Math.max(20, progress.columns ?? 80);
      // A line that wraps would make the cursor count wrong.
      const fitted = lines.map((line) => (line.length > width - 1 ? `${line.slice(0, width - 2)}~` : line));
      const up = drawn.length > 0 ? `\u001b[${drawn.length}A\u001b[0J` : '';
      progress.write(`${up}${fitted.map((line) => `${line}\n`).join('')}`);
      drawn = fitted;
    },
  };
}

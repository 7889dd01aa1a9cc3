/** One converting thread: takes a recording, answers with what is stored of it or why not, until it is ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { domainErrorOf } from '../../ground/errors.ts';
import { filmReaderOf } from '../media/ffmpeg.ts';
import type { ConversionThreadData, ThreadAnswer } from './conversion-threads.ts';
import { type Conversion, convertRecording } from './convert-recording.ts';

const { options, filmProgram }: ConversionThreadData = workerData;
const reading = { ...options.reading, ...(filmProgram && { filmReader: filmReaderOf(filmProgram) }) };

async function answerTo(conversion: Conversion): Promise<ThreadAnswer> {
  try {
    return { converted: await convertRecording(conversion, { ...options, reading }) };
  } catch (error) {
    const known = domainErrorOf(error);
    if (known) return { refused: { code: known.code, message: known.message, details: known.details } };
    return { failed: (error as Error | undefined)?.stack ?? String(error) };
  }
}

parentPort?.on('message', async (conversion: Conversion) => {
  parentPort?.postMessage(await answerTo(conversion));
});

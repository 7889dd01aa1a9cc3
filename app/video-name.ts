/** What is made of a video is called by the file's name without the endings of the formats that are read. */
import { basename } from 'node:path';
import { videoEnding } from '../datasets/collections/names.ts';

export function videoName(file: string): string {
  return basename(file).replace(videoEnding, '');
}

import '../../recorded/two-threads.fixture.ts';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { train, trainings } from './recorded-training.fixture.ts';

it.each(trainings)(
  'a recorded training on two threads, with %s, is the plain one to the last bit',
  (...given) => {
    const [, config, window] = given;
    expect(train(true, config, window)).toEqual(train(false, config, window));
  },
);

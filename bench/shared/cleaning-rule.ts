/** The rule of cleaning (method.md 4.1) as the only reward: the control of every reward network. */
import * as tf from '@tensorflow/tfjs-core';
import { penalise, penaltiesOf } from '../../method/rewards/penalties.ts';
import type { WindowReward } from '../../method/rewards/reward.ts';

/** 1, but 0 where cleaning would change the action. */
export const cleaningRule: WindowReward = {
  passes: 0,
  of: (_, actions) => {
    const penalties = penaltiesOf(actions, { cleaningPenalty: true });
    const reward = tf.tidy(() => penalise(tf.ones(actions.shape) as tf.Tensor4D, penalties));
    tf.dispose([penalties.kept!]);
    return reward;
  },
};

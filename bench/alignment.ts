/**
 * Whether an objective sees the error (method.md 6): the cosine of its mean gradient with that of the true labels, for
 * a policy file on annotated target phantoms, by objective and reward. Exit code 1 when the group-relative objective is
 * not better aligned than the published one: a gate for changes of either.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadNamedNetworks } from '../app/segmentation/networks.ts';
import { textTable } from '../cli/text/text-table.ts';
import type { ProposalName } from '../method/ppo/group/proposals.ts';
import { Reward, type WindowReward } from '../method/rewards/reward.ts';
import { completedSegmentation, frameByFrame } from '../method/shapes/completed-segmentation.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { benchOptions, namedFile, refuseOptions, threadsOf, wholeNumber } from './shared/bench-options.ts';
import { cleaningRule } from './shared/cleaning-rule.ts';
import { type Alignment, type Arm, alignmentsOf } from './shared/gradient-alignment.ts';
import { phantomConfig, sourcePhantomLabels, testPhantoms } from './shared/phantoms.ts';
import { shapesOf } from './shared/source-shapes.ts';

/** Proposals that are not usual. */
const additional: readonly ProposalName[] = ['smoothed', 'contrast', 'warped', 'completed'];

function armsOf(reward: Reward): Arm[] {
  const plain = reward.ofWindows({ scaling: 'none' });
  const penalised = reward.ofWindows({ scaling: 'none', cleaningPenalty: true });
  const scaled = reward.ofWindows({ scaling: 'per-frame' });
  const usual: readonly ProposalName[] = ['cleaned', 'swept'];
  const group = (name: string, reward: WindowReward, consensusShare: number, proposals = usual): Arm => ({
    name: `group, ${name}`,
    objective: 'group',
    reward,
    consensusShare,
    proposals,
  });
  return [
    { name: 'published, reward network', objective: 'published', reward: scaled },
    group('reward network', plain, 0),
    group('reward network and cleaning rule', penalised, 0),
    group('half of that, half agreement with the sweep', penalised, 0.5),
    group('agreement with the sweep alone', plain, 1),
    group('cleaning rule alone', cleaningRule, 0),
    ...additional.map((name) => group(`agreement, ${name} proposed too`, plain, 1, [...usual, name])),
    group('reward network, completed proposed too', plain, 0, [...usual, 'completed']),
  ];
}

export function gatePassed(rows: readonly Alignment[]): boolean {
  const best = (objective: string) =>
    Math.max(...rows.filter(({ name }) => name.startsWith(objective)).map(({ cosine }) => cosine));
  return best('group') > best('published');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    policy: { type: 'string' },
    rewards: { type: 'string' },
    videos: { type: 'string', default: '48' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string' },
  });
  if (values.policy === undefined || values.rewards === undefined) {
    refuseOptions(
      'Name the files: --policy FILE --rewards FILE[,FILE], such as those of `bench adaptation`.',
    );
  }
  const policy = namedFile('--policy', values.policy);
  const rewards = values.rewards.split(',').map((file) => namedFile('--rewards', file));
  await selectTensorBackend(threadsOf(values.threads));
  const { model } = await loadNamedNetworks({ model: policy }, true);
  const reward = Reward.fromCheckpoints(
    rewards.map((file) => ({ bytes: new Uint8Array(readFileSync(file)), origin: file })),
  );
  const seed = wholeNumber('--seed', values.seed, 0);
  const shapes = shapesOf(sourcePhantomLabels(seed), phantomConfig(seed));
  const completion = frameByFrame(model.inference.completion);
  const rows = alignmentsOf(
    model,
    testPhantoms(seed, wholeNumber('--videos', values.videos)),
    armsOf(reward),
    (window) => completedSegmentation(window, completion, shapes).labels,
  );
  if (values.json) console.log(JSON.stringify(rows));
  else {
    const head = ['gradient of', 'cosine with true labels', 'between halves', 'contested pixels, %'];
    const cells = rows.map(({ name, cosine, halves, contestedShare }) => [
      name,
      cosine.toFixed(3),
      halves.toFixed(3),
      (100 * contestedShare).toFixed(2),
    ]);
    console.log(textTable(head, cells));
  }
  if (!gatePassed(rows)) {
    console.error(
      'The group-relative objective is not better aligned with the true labels than the published one.',
    );
    process.exitCode = 1;
  }
}

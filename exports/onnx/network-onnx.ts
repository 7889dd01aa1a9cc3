/**
 * A network as an ONNX file, which other programs run without this one: logits of a video of any size that its strides
 * divide. What has to be done to a video before stands in the file's metadata.
 */
import { DomainError } from '../../ground/errors.ts';
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import type { NetworkKind } from '../../method/networks/network-checkpoint.ts';
import { planUNet, type UNetConfig } from '../../method/networks/unet-plan.ts';
import { type Dimension, encodeModel, FLOAT, type ValueInfoProto } from './schema.ts';
import { unetGraph } from './unet-graph.ts';

/** Both are those of ONNX 1.12 (2022): every reader of the last years knows them, and nothing newer is needed. */
const IR_VERSION = 8;
const OPERATOR_SET = 17;

const input = 'video';
const output = 'logits';

export interface OnnxSource {
  readonly kind: NetworkKind;
  readonly config: UNetConfig;
  /** The parameters in PyTorch's names and layouts. */
  readonly arrays: NamedArrays;
  /** Of the checkpoint; it is kept in the file. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Pixel size that videos are resampled to, where the checkpoint says it. */
  readonly spacingMm?: number | undefined;
  /** Of this software. */
  readonly version: string;
}

/**
 * The bytes of an .onnx file. Its input `video` is [batch, channel, time, row, column], grey levels in [0, 1] (of a
 * reward or a critic as they read them), its output `logits` the same with the channels of the network.
 * @throws DomainError CheckpointIncompatible when a parameter is missing or has another shape; ConfigInvalid
 */
export function networkOnnx({ kind, config, arrays, metadata, spacingMm, version }: OnnxSource): Uint8Array {
  if (config.variant !== undefined) {
    throw new DomainError(
      'ConfigInvalid',
      "The network came from nnU-Net, whose biases this export does not write. Export it with nnU-Net's own tools.",
    );
  }
  const plan = planUNet(config);
  const properties = {
    ...metadata,
    kind,
    config: JSON.stringify(config),
    axes: JSON.stringify(['batch', 'channel', 'time', 'row', 'column']),
    multiples: JSON.stringify({
      frames: plan.multiples[0],
      rows: plan.multiples[1],
      columns: plan.multiples[2],
    }),
    ...(kind === 'policy' && {
      labels: JSON.stringify({
        [BACKGROUND]: 'background',
        [LEFT_VENTRICLE]: 'left ventricle',
        [MYOCARDIUM]: 'myocardium',
      }),
    }),
    ...(spacingMm !== undefined && { spacingMm: String(spacingMm) }),
    intendedUse: 'Research software, not a medical device, not for diagnosis.',
  };
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: 'echoloop',
    producerVersion: version,
    docString: `U-Net over 2D+time echocardiography (${kind}) of arXiv 2510.14244`,
    opsetImport: [{ domain: '', version: OPERATOR_SET }],
    metadataProps: Object.entries(properties).map(([key, value]) => ({ key, value })),
    graph: {
      name: kind,
      ...unetGraph(plan, arrays, input, output),
      input: [videoOf(input, config.inputChannels, 'grey levels in [0, 1]')],
      output: [
        videoOf(output, config.outputChannels, 'logits; a softmax over the channels gives probabilities'),
      ],
    },
  });
}

function videoOf(name: string, channels: number, docString: string): ValueInfoProto {
  const dim: Dimension[] = [
    { dimParam: 'batch' },
    { dimValue: channels },
    { dimParam: 'frames' },
    { dimParam: 'rows' },
    { dimParam: 'columns' },
  ];
  return { name, docString, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

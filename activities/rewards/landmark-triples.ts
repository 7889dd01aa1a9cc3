/**
 * The landmark examples of the annotated source (method.md 5.2): made and stored video by video, then read by the fit.
 */
import type { FitLandmarkInput } from '../../contracts/activities.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { randomStream } from '../../ground/random.ts';
import { landmarkExamples } from '../../method/rewards/landmark-labelling.ts';
import type { StoredTriple, TripleSource } from '../../method/windows/triple-windows.ts';
import { findArtefact, readArtefact, writeArtefact } from '../../storage/artefacts.ts';
import { loadNetwork } from '../artefacts/networks.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import { type ActivityContext, breathe, breatheWhilePreparing, logWork } from '../context.ts';
import { prepareLabels, prepareVideo } from '../videos/prepared-video.ts';
import { tryVideo } from '../videos/quarantine.ts';
import { refuseEmptyTraining } from '../videos/refuse-empty-training.ts';
import { VideoShelf } from '../videos/video-shelf.ts';
import { DegradedPolicy } from './degraded-policy.ts';
import { decodeLandmarks, encodeLandmarks, type LandmarkFile } from './landmark-file.ts';

export class LandmarkTriples implements TripleSource {
  readonly #shelf = new VideoShelf();
  readonly #studies: Readonly<Record<string, string>>;
  readonly #places: { readonly id: string; readonly file: LandmarkFile; readonly place: number }[] = [];
  readonly #references: ArtefactRef[] = [];
  #quarantined = 0;

  private constructor(studies: Readonly<Record<string, string>>) {
    this.#studies = studies;
  }

  /**
   * Labels every source video that is not labelled yet; the caller disposes the result.
   * @throws DomainError DatasetInvalid when more videos are bad than the run allows.
   */
  static async make(
    input: FitLandmarkInput,
    { config, plan }: RunFacts,
    context: ActivityContext,
  ): Promise<LandmarkTriples> {
    const { train, studies } = plan.source;
    const triples = new LandmarkTriples(studies);
    let policy: DegradedPolicy | undefined;
    try {
      for (const [index, id] of train.entries()) {
        const tried = await tryVideo(context, input.run, id, async () => {
          const { video, reference: image } = await prepareVideo(
            context,
            config.source,
            id,
            config.preprocessing,
          );
          const key = activityKeys.landmarkTriples(input.run, id);
          let reference = await findArtefact(context.store, key);
          if (!reference) {
            policy ??= new DegradedPolicy(await loadNetwork(context, input.policy, 'policy'), config);
            const truth = await prepareLabels(context, config.source, id, config.preprocessing);
            const examples = [];
            for await (const { segmentation, correct } of landmarkExamples({
              image: video,
              truth,
              policyLogits: policy.logits('landmark', id),
              config: config.labelling,
              mistakeMm: config.landmark.mistakeMm,
              random: randomStream(config.seed, 'landmark-labelling', id),
            })) {
              examples.push({ segmentation: segmentation.labels, correct });
              await breathe(context);
            }
            reference = await writeArtefact(context.store, key, encodeLandmarks(video, examples), {
              inputs: [image, input.policy],
              codeVersion: context.codeVersion,
              mediaType: 'application/octet-stream',
            });
            logWork(context, 'fitLandmarkReward', key);
          }
          const file = decodeLandmarks(await readArtefact(context.store, reference));
          if (file.count === 0) return;
          triples.#shelf.put(id, video);
          triples.#references.push(reference);
          for (let place = 0; place < file.count; place++) triples.#places.push({ id, file, place });
        });
        if ('quarantined' in tried) triples.#quarantined++;
        await breatheWhilePreparing(context, index + 1, train.length);
      }
      const usable = train.length - triples.#quarantined;
      refuseEmptyTraining(config.source, train.length, usable, config.sweep.maxQuarantinedShare);
      return triples;
    } catch (error) {
      triples.dispose();
      throw error;
    } finally {
      policy?.dispose();
    }
  }

  get count(): number {
    return this.#places.length;
  }

  /** Videos that could not be used. */
  get quarantined(): number {
    return this.#quarantined;
  }

  get references(): readonly ArtefactRef[] {
    return this.#references;
  }

  studyOf(index: number): string {
    const { id } = this.#places[index]!;
    return this.#studies[id] ?? id;
  }

  load(index: number): StoredTriple {
    const { id, file, place } = this.#places[index]!;
    const { frames, rows, columns } = file;
    return { image: this.#shelf.window(id, 0, frames), ...file.example(place), frames, rows, columns };
  }

  dispose(): void {
    this.#shelf.dispose();
  }
}

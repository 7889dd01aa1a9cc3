/** The systems that a comparison knows, by the name that a row gives. */
import { DomainError } from '../ground/errors.ts';
import { medSam, memSam, samus } from './promptable/promptable-systems.ts';
import type { AnySystem } from './system.ts';
import { folder, interExpert } from './systems/given-masks.ts';
import { maskedSsl } from './systems/masked-ssl.ts';
import { nnunet } from './systems/nnunet.ts';
import { rl4seg2d, rl4seg3d } from './systems/rl4seg.ts';
import { selfTraining } from './systems/self-training.ts';
import { uaMt } from './systems/ua-mt.ts';
import { unet3d } from './systems/unet3d.ts';

const systems: Readonly<Record<string, AnySystem>> = {
  unet3d,
  nnunet,
  'self-training': selfTraining,
  'ua-mt': uaMt,
  'masked-ssl': maskedSsl,
  'rl4seg-2d': rl4seg2d,
  rl4seg3d,
  medsam: medSam,
  samus,
  memsam: memSam,
  folder,
  'inter-expert': interExpert,
};

/** @throws DomainError ConfigInvalid when there is no such system. */
export function systemNamed(name: string): AnySystem {
  const system = Object.hasOwn(systems, name) ? systems[name] : undefined;
  if (system) return system;
  throw new DomainError(
    'ConfigInvalid',
    `There is no system "${name}". Expected one of ${Object.keys(systems).join(', ')}.`,
  );
}

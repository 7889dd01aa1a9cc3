/** Temporal, a store behind a proxy that can spoil what passes, and hosts that reach both by address alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { WorkerRole } from '../../contracts/task-queues.ts';
import { deploymentFrom, environmentOf } from '../../runtime/deployment.ts';
import { type Embedded, startEmbedded } from '../../runtime/services/embedded.ts';
import { openStore } from '../../storage/open-store.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { clientLimits } from '../../temporal.config.ts';
import { type FaultyProxy, faultyProxy } from '../../test/storage/faulty-proxy.ts';
import { Host } from './host.ts';
import { SmallDisk } from './small-disk.ts';

export interface Cluster {
  readonly services: Embedded;
  /** Where hosts find the store. */
  readonly proxy: FaultyProxy;
  readonly hosts: readonly Host[];
  /** The store itself, past the proxy. */
  readonly store: ObjectStore;
  readonly client: Client;
  /** That of the store, where it is a small one. */
  readonly storeDisk: SmallDisk | undefined;
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** Roles of the workers of each host. */
  readonly hosts: readonly (readonly WorkerRole[])[];
  /** Gives the store a disk of this size, where the system lets this process mount one. */
  readonly storeDiskBytes?: number;
  readonly log: (line: string) => void;
}

/** Starts the services; hosts come when they are told to. */
export async function openCluster({ hosts, storeDiskBytes, log }: ClusterOptions): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'echoloop-cluster-'));
  const home = join(folder, 'services');
  const ending: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const end of ending.toReversed()) await end();
  };
  try {
    const storeDisk = storeDiskBytes ? SmallDisk.mount(join(home, 's3'), storeDiskBytes) : undefined;
    ending.push(() => storeDisk?.unmount());
    const services = await startEmbedded({ deployment: deploymentFrom({ ECHOLOOP_HOME: home }), log });
    ending.push(() => services.stop());
    const { deployment } = services;
    const proxy = await faultyProxy(deployment.s3.endpoint!);
    ending.push(() => proxy.close());
    const connection = await Connection.connect({
      address: deployment.temporal.address!,
      connectTimeout: clientLimits.connectMs,
    });
    ending.push(() => connection.close());
    const environment = environmentOf(
      { ...deployment, s3: { ...deployment.s3, endpoint: proxy.endpoint } },
      true,
    );
    const all = hosts.map(
      (roles, i) =>
        new Host({
          name: `host-${i + 1}`,
          folder: join(folder, `host-${i + 1}`),
          services: environment,
          roles,
          log,
        }),
    );
    ending.push(() => Promise.all(all.map((host) => host.leave())));
    return {
      services,
      proxy,
      hosts: all,
      store: openStore(deployment),
      client: new Client({ connection, namespace: deployment.temporal.namespace }),
      storeDisk,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

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
  /** Of a version that does not understand that of the hosts; they come when they are told to. */
  readonly strangers: readonly Host[];
  /** The store itself, past the proxy. */
  readonly store: ObjectStore;
  readonly client: Client;
  /** That of the store, where it is a small one. */
  readonly storeDisk: SmallDisk | undefined;
  close(): Promise<void>;
}

export interface PlannedHost {
  /** Of its workers. */
  readonly roles: readonly WorkerRole[];
  /** Where what is installed on it is of another version than this software: that version. */
  readonly version?: string;
}

export interface ClusterOptions {
  readonly hosts: readonly PlannedHost[];
  readonly strangers?: readonly PlannedHost[];
  /** Gives each host a disk of this size, where the system lets this process mount one. */
  readonly hostDiskBytes?: number;
  /** The same for the store. */
  readonly storeDiskBytes?: number;
  readonly log: (line: string) => void;
}

/** Starts the services; hosts come when they are told to. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { hosts, strangers = [], hostDiskBytes, storeDiskBytes, log } = options;
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
    const all: Host[] = [];
    ending.push(() => Promise.all(all.map((host) => host.close())));
    const named = (name: string, planned: PlannedHost): Host => {
      const host = new Host({
        ...planned,
        name,
        folder: join(folder, name),
        diskBytes: hostDiskBytes,
        services: environment,
        log,
      });
      all.push(host);
      return host;
    };
    return {
      services,
      proxy,
      hosts: hosts.map((planned, i) => named(`host-${i + 1}`, planned)),
      strangers: strangers.map((planned, i) => named(`stranger-${i + 1}`, planned)),
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

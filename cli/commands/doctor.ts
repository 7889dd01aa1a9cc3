/** `echoloop doctor`: what works on this machine, what is missing and how to get it. */
import type { Command } from 'commander';
import type { DoctorReport } from '../../runtime/doctor.ts';
import { defineCommand } from '../command.ts';
import { FinishedWith } from '../failure.ts';
import { openTerminal } from '../terminal.ts';

export function doctorCommand(): Command {
  return defineCommand(
    'doctor',
    'Check versions, tensors and their speed, Temporal, the object store, disk and memory. Takes some seconds: it measures.',
    'echoloop doctor',
  ).action(doctor);
}

async function doctor(options: { json?: boolean }): Promise<void> {
  const terminal = openTerminal(options.json === true);
  const { currentDeployment } = await import('../../app/connections.ts');
  const { inspect } = await import('../../runtime/doctor.ts');
  const report = await inspect(await currentDeployment());
  terminal.printJson(report);
  terminal.print(describe(report));
  if (report.ok) return;
  const unreachable = [report.temporal, report.s3].some(
    (service) => service.source !== 'none' && !service.reachable,
  );
  throw new FinishedWith(unreachable ? 4 : 2);
}

function describe(report: DoctorReport): string {
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const { system, memory, tensors } = report;
  const rows: [string, string][] = [
    ['Node.js', report.node.version],
    ['system', `${system.platform} ${system.arch}, ${system.processor}, ${system.threads} threads`],
    ['memory', `${gigabytes(memory.freeBytes)} free of ${gigabytes(memory.totalBytes)}`],
    ...report.disk.map(({ what, path, freeBytes }): [string, string] => [
      `disk, ${what}`,
      `${gigabytes(freeBytes)} free at ${path}`,
    ]),
    ['tensors', tensorText(tensors)],
    ['', tensors.detail],
    ['Temporal', serviceText(report.temporal)],
    ['object store', serviceText(report.s3)],
    ['workers', workersText(report.workers)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name.padEnd(width)}  ${text}`);
  for (const { severity, what, remedy } of report.problems)
    lines.push('', `${severity}: ${what}`, `  what to do: ${remedy}`);
  lines.push('', report.ok ? 'Ready.' : 'Not ready: see the errors above.');
  return lines.join('\n');
}

function tensorText({ chosen, timesWasm }: DoctorReport['tensors']): string {
  if (!chosen) return 'none';
  const factor =
    timesWasm === undefined || chosen.backend === 'wasm'
      ? ''
      : `, ${Math.round(timesWasm)} times WebAssembly`;
  return (
    `${chosen.backend} ${chosen.version} on ${chosen.device}: ` +
    `${Math.round(chosen.forwardGflops)} GFLOP/s forward, ${Math.round(chosen.forwardBackwardGflops)} with gradients${factor}`
  );
}

function workersText(workers: DoctorReport['workers']): string {
  if (workers.length === 0) return 'none asks for work';
  return workers
    .map(
      ({ role, version, where, tensors }) => `${role} ${where} (${version}${tensors ? `, ${tensors}` : ''})`,
    )
    .join(', ');
}

function serviceText({ source, address, reachable, detail }: DoctorReport['temporal']): string {
  if (source === 'none') return detail;
  return `${address} (${source === 'embedded' ? 'embedded' : 'from the environment'}): ${reachable ? 'answers' : 'does not answer'}, ${detail}`;
}

// `trunkline support`: everything that somebody else needs to see what is wrong, without secrets, as one archive.
import { gzipSync } from 'node:zlib';

import { objectNames } from '../../api/keys.ts';
import { errorText } from '../../base/errors.ts';
import { examine } from '../../diagnose/doctor/doctor.ts';
import { gatherForDoctor } from '../../diagnose/doctor/gather.ts';
import { type SupportLog, supportFiles } from '../../diagnose/support/bundle.ts';
import { pods } from '../../kube/resources.ts';
import type { CliSession } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { tarOf } from './tar.ts';

const TAIL_LINES = 2_000;
const MOST_LOGS = 60;

/** Writes `file`; what is in it is printed. Nothing is changed in the cluster, and CAM is not tried. */
export async function support(session: CliSession, file: string): Promise<number> {
  const picture = await session.picture();
  const input = await gatherForDoctor({
    picture,
    client: await session.kube(),
    cloud: { reason: 'a support bundle does not ask for them' },
    probe: { reason: 'a support bundle makes no calls' },
    clock: session.world.clock,
    signal: session.signal,
  });
  const { name, version } = session.world;
  const facts = { by: `${name} ${version}`, node: process.version, platform: `${process.platform} ${process.arch}` };
  const files = supportFiles(picture, examine(input), await logsOf(session), facts);
  const now = session.world.clock.now();
  await session.world.writeFile(file, gzipSync(tarOf(files, now)));
  session.print({ file, files: files.map((each) => each.name), notKnown: picture.gaps }, () =>
    [
      `${session.style.bold(file)}: ${files.length} files, without secrets; look at them before you send them\n`,
      ...files.map((each) => `  ${each.name}\n`),
    ].join(''),
  );
  return exitCodes.ok;
}

const OURS: readonly string[] = [
  objectNames.ipamd,
  objectNames.agent,
  objectNames.webhook,
  objectNames.scheduler,
  objectNames.masq,
];

async function logsOf(session: CliSession): Promise<readonly SupportLog[]> {
  const client = await session.kube();
  const logs: SupportLog[] = [];
  for (const namespace of [objectNames.systemNamespace, objectNames.webhookNamespace]) {
    const listed = await client.list(pods, { namespace, signal: session.signal }).catch(() => undefined);
    const own = (listed?.items ?? []).filter(({ metadata }) => OURS.some((name) => metadata.name.startsWith(name)));
    for (const { metadata } of own) {
      if (logs.length >= MOST_LOGS) return logs;
      session.progress(`log of ${metadata.name}`);
      const path = `/api/v1/namespaces/${namespace}/pods/${metadata.name}/log?tailLines=${TAIL_LINES}`;
      const text = await client
        .request('GET', path, undefined, { signal: session.signal })
        .catch((error: unknown) => `not readable: ${errorText(error)}`);
      session.signal.throwIfAborted();
      logs.push({ pod: `${namespace}/${metadata.name}`, text: typeof text === 'string' ? text : JSON.stringify(text) });
    }
  }
  return logs;
}

// `trunkline doctor`: gathers, examines, prints, and with --fix --yes does what needs no decision.
import { objectNames } from '../../api/keys.ts';
import { errorText } from '../../base/errors.ts';
import { staticCredentials } from '../../cloud/credentials.ts';
import { checks, examine } from '../../diagnose/doctor/doctor.ts';
import { gatherForDoctor } from '../../diagnose/doctor/gather.ts';
import { secrets } from '../../kube/resources.ts';
import type { CliSession } from '../context.ts';
import { cliError, cliErrors } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { mend } from './mend.ts';
import { renderDoctor } from './render.ts';

export interface DoctorOptions {
  readonly only: readonly string[] | undefined;
  readonly ipamdCredentials: boolean;
  readonly fix: boolean;
  readonly yes: boolean;
}

/** Exit code 1 with a problem, 3 without one when something could not be asked. */
export async function doctor(session: CliSession, options: DoctorOptions): Promise<number> {
  const known = checks.map(({ id }) => id);
  const wrong = options.only?.find((id) => !known.includes(id));
  if (wrong !== undefined) throw cliError(cliErrors.usage, `--only=${wrong}: expected some of ${known.join(', ')}`);
  if (options.yes && !options.fix) throw cliError(cliErrors.usage, '--yes is for --fix alone');
  const access = await session.cloud();
  const input = await gatherForDoctor({
    picture: await session.picture(),
    client: await session.kube(),
    cloud: access.available ? access : { reason: access.reason },
    probe: await probeWith(session, options),
    clock: session.world.clock,
    signal: session.signal,
    onProgress: session.progress,
  });
  const report = examine(input, options.only);
  session.print(report, () => renderDoctor(report, session.style, options.fix));
  if (options.fix && options.yes) await mend(await session.kube(), report, session.warn, session.signal);
  const states = report.checks.map(({ state }) => state);
  if (states.includes('problem') || states.includes('warning')) return exitCodes.attention;
  return states.includes('unknown') ? exitCodes.unknown : exitCodes.ok;
}

async function probeWith(
  session: CliSession,
  { only, ipamdCredentials }: DoctorOptions,
): Promise<Parameters<typeof gatherForDoctor>[0]['probe']> {
  if (only !== undefined && !only.some((id) => id === 'cam-actions' || id === 'allow-list'))
    return { reason: 'not asked for' };
  if (!ipamdCredentials) {
    const access = await session.cloud();
    return access.available ? { cloud: access.cloud, as: `the keys from ${access.from}` } : { reason: access.reason };
  }
  const client = await session.kube();
  const secret = await client
    .get(secrets, objectNames.credentials, { namespace: objectNames.systemNamespace, signal: session.signal })
    .catch((error: unknown) => {
      session.signal.throwIfAborted();
      return errorText(error);
    });
  if (typeof secret === 'string')
    return { reason: `the keys of ipamd cannot be read (it may use the role of its machine instead): ${secret}` };
  const text = (key: string): string =>
    Buffer.from(secret.data?.[key] ?? '', 'base64')
      .toString('utf8')
      .trim();
  const token = text('token');
  const access = await session.cloudAs(
    staticCredentials({
      secretId: text('secretId'),
      secretKey: text('secretKey'),
      ...(token === '' ? {} : { token }),
    }),
  );
  return access.available ? { cloud: access.cloud, as: "the keys of ipamd's Secret" } : { reason: access.reason };
}

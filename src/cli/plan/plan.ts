// `trunkline plan`: reads the documents, reads the cluster, works out, prints.
import { parseAllDocuments } from 'yaml';

import { errorText } from '../../base/errors.ts';
import type { AskedPort } from '../../diagnose/plan/flows.ts';
import { withProposedGroups } from '../../diagnose/plan/more-groups.ts';
import { planProposal } from '../../diagnose/plan/plan.ts';
import { readProposal } from '../../diagnose/plan/proposal.ts';
import type { CliSession } from '../context.ts';
import { cliError, cliErrors } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderPlan } from './render.ts';

export interface PlanOptions {
  readonly file: string;
  readonly deletion: boolean;
  readonly ports: readonly AskedPort[];
}

/** Exit code 1 when something would change, as `kubectl diff`; 3 when flows cannot be judged and nothing else changes. */
export async function plan(session: CliSession, { file, deletion, ports }: PlanOptions): Promise<number> {
  const documents = await readDocuments(session, file);
  const namespace = await session.namespace();
  const early = readProposal(documents, { namespace, deletion, nodes: 0 });
  // A mistake in the file is told before a large cluster is read.
  if (!early.ok)
    throw cliError(cliErrors.fileInvalid, `${nameOf(file)}: ${early.problems.join(`\n${nameOf(file)}: `)}`);
  const taken = await session.picture();
  const access = await session.cloud();
  const picture = access.available
    ? await withProposedGroups(taken, early.proposal, access.cloud, session.signal)
    : taken;
  const read = readProposal(documents, { namespace, deletion, nodes: picture.kube.nodes.length });
  if (!read.ok) throw cliError(cliErrors.fileInvalid, `${nameOf(file)}: ${read.problems.join('; ')}`);
  session.progress('working out all pairs of workloads');
  const report = planProposal(picture, read.proposal, ports);
  session.print(report, () => renderPlan(report, session.style));
  const changes =
    report.pods.length + report.workloads.length + report.calls.length + (report.flows?.changes.length ?? 0);
  if (changes > 0) return exitCodes.attention;
  return report.flows === undefined ? exitCodes.unknown : exitCodes.ok;
}

const nameOf = (file: string): string => (file === '-' ? 'standard input' : file);

async function readDocuments(session: CliSession, file: string): Promise<readonly unknown[]> {
  let text: string;
  try {
    text = file === '-' ? await session.world.readStdin() : await session.world.readFile(file);
  } catch (error) {
    throw cliError(cliErrors.fileInvalid, `${nameOf(file)} cannot be read: ${errorText(error)}`, error);
  }
  const documents = parseAllDocuments(text);
  const all = Array.isArray(documents) ? documents : [];
  for (const [index, document] of all.entries()) {
    const [problem] = document.errors;
    if (problem !== undefined)
      throw cliError(
        cliErrors.fileInvalid,
        `${nameOf(file)}: document ${index + 1} is no YAML or JSON: ${problem.message.split('\n')[0] ?? ''}`,
      );
  }
  return all.map((document): unknown => document.toJS());
}

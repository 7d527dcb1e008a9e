// The bandwidth of a bound EIP follows the Pod's annotation, where that is opted into (`vpcCni.eip.applyBandwidthChanges`, ADR 0026).
import type { EipClaim } from '../../api/eip-claim.ts';
import { annotations } from '../../api/keys.ts';
import type { Eip } from '../../cloud/eip-calls.ts';
import { CloudError } from '../../cloud/errors.ts';
import { readEipAttributes } from '../../planning/eip-attributes.ts';
import { explain } from '../vpc-eni/lifecycle/status.ts';
import type { EipPod } from './pods.ts';
import type { EipOutcome, EipRun } from './run.ts';
import { writeEipStatus } from './status.ts';
import { tellPod } from './tell.ts';

/** Mbps that the Pod asks for now; undefined: nothing is changed. Only of an EIP that was bought. */
export function bandwidthToApply({ deps }: EipRun, claim: EipClaim, pod: EipPod): number | undefined {
  const values = deps.settings.current();
  if (!values['vpcCni.eip.applyBandwidthChanges'] || claim.status?.created !== true) return undefined;
  const ofSuperNode = pod.superNode ? pod.marks[annotations.eksEipAttributes] : undefined;
  const text = pod.marks[annotations.eipAttributes] ?? ofSuperNode;
  if (text === undefined) return undefined;
  const read = readEipAttributes(text, values['vpcCni.eip.allowFurtherAttributes']);
  return read.ok ? read.bandwidth : undefined;
}

/** The Pod keeps its EIP whatever becomes of this. Answers when to look again; undefined: as it should be. */
export async function applyBandwidth(
  run: EipRun,
  claim: EipClaim,
  pod: EipPod,
  eip: Eip,
  signal: AbortSignal,
): Promise<EipOutcome | undefined> {
  const { deps, progress } = run;
  const uid = claim.metadata.uid ?? '';
  const wanted = bandwidthToApply(run, claim, pod);
  if (wanted === undefined || eip.bandwidth === undefined) return undefined;
  if (wanted === eip.bandwidth) {
    if (wanted === claim.status?.bandwidth) return undefined;
    const message = `bandwidth of EIP ${eip.eipId}: ${claim.status?.bandwidth ?? 0} Mbps before, ${wanted} Mbps now`;
    await writeEipStatus(deps, claim, { bandwidth: wanted });
    tellPod(deps, pod, 'EipBandwidthChanged', message);
    return undefined;
  }
  const sentAt = progress.sentAt(uid, `bandwidth ${wanted}`);
  const now = deps.clock.monotonicMs();
  // The cloud is at it.
  if (sentAt !== undefined && now - sentAt < deps.timings.stuckMs)
    return { result: { requeueAfterMs: deps.timings.eipLookMs } };
  try {
    await deps.cloud.modifyEipBandwidth(
      { eipId: eip.eipId, bandwidth: wanted },
      deps.mutating('warm', 'create', signal),
    );
    progress.sent(uid, `bandwidth ${wanted}`, now);
    return { result: { requeueAfterMs: deps.timings.eipLookMs } };
  } catch (error) {
    if (!(error instanceof CloudError) || error.retry === 'retry') throw error;
    const message = `bandwidth of EIP ${eip.eipId} stays ${eip.bandwidth} Mbps: ${explain(error).message}`;
    deps.recorder.record({ regarding: pod.pod, type: 'Warning', reason: 'FailedChangeEipBandwidth', message });
    return { result: { requeueAfterMs: deps.timings.lookAgainMs } };
  }
}

// Tries each action of CAM without effect: with ids that cannot exist, so that a call that is allowed fails at what it is about.
import { errorText } from '../../base/errors.ts';
import { CloudError, cloudErrors } from '../../cloud/errors.ts';
import type { VpcCloud } from '../../cloud/vpc-cloud.ts';
import type { ActionAnswer, ActionProbe } from './input.ts';

/** Of the right form, so that the cloud looks for it, and of nothing. GUESS: authorization is decided before the thing is looked for. */
const NOTHING = 'zzzzzzzz';
const eni = `eni-${NOTHING}`;
const group = `sg-${NOTHING}`;
const subnet = `subnet-${NOTHING}`;
const vpc = `vpc-${NOTHING}`;
const instance = `ins-${NOTHING}`;
const eip = `eip-${NOTHING}`;
/** Of no VPC: kept for documents. */
const address = '192.0.2.1';

interface Trial {
  readonly action: string;
  readonly neededBy: string;
  readonly call: (cloud: VpcCloud) => Promise<unknown>;
}

const request = {
  vpcId: vpc,
  subnetId: subnet,
  name: 'trunkline-doctor',
  description: '',
  securityGroups: [],
  tags: [],
  clientToken: 'trunkline-doctor-probe',
};

/** Every action that the add-on calls; a test holds this list against the interface. */
export const trials: readonly Trial[] = [
  {
    action: 'cvm:DescribeInstances',
    neededBy: 'every node',
    call: (cloud) => cloud.describeInstances({ instanceIds: [instance] }),
  },
  { action: 'vpc:DescribeSubnets', neededBy: 'every node', call: (cloud) => cloud.describeSubnets([subnet]) },
  {
    action: 'vpc:DescribeNetworkInterfaces',
    neededBy: 'every node',
    call: (cloud) => cloud.describeEnis({ eniIds: [eni] }),
  },
  {
    action: 'vpc:DescribeNetworkInterfaceLimit',
    neededBy: 'every node',
    call: (cloud) => cloud.describeEniLimits(instance),
  },
  {
    action: 'vpc:DescribeVpcTaskResult',
    neededBy: 'every change',
    call: (cloud) => cloud.describeTask('00000000-0000-0000-0000-000000000000'),
  },
  { action: 'vpc:CreateNetworkInterface', neededBy: 'ENIs of nodes', call: (cloud) => cloud.createEni(request) },
  {
    action: 'vpc:AttachNetworkInterface',
    neededBy: 'ENIs of nodes',
    call: (cloud) => cloud.attachEni({ eniId: eni, instanceId: instance, clientToken: request.clientToken }),
  },
  {
    action: 'vpc:DetachNetworkInterface',
    neededBy: 'ENIs of nodes',
    call: (cloud) => cloud.detachEni({ eniId: eni, instanceId: instance, clientToken: request.clientToken }),
  },
  { action: 'vpc:DeleteNetworkInterface', neededBy: 'ENIs of nodes', call: (cloud) => cloud.deleteEni(eni) },
  {
    action: 'vpc:AssignPrivateIpAddresses',
    neededBy: 'addresses of Pods',
    call: (cloud) => cloud.assignAddresses({ eniId: eni, clientToken: request.clientToken, addresses: [address] }),
  },
  {
    action: 'vpc:UnassignPrivateIpAddresses',
    neededBy: 'addresses of Pods',
    call: (cloud) => cloud.unassignAddresses({ eniId: eni, addresses: [address] }),
  },
  {
    action: 'vpc:DescribeSecurityGroups',
    neededBy: 'policies',
    call: (cloud) => cloud.describeSecurityGroups([group]),
  },
  {
    action: 'vpc:DescribeSecurityGroupPolicies',
    neededBy: 'the preflight of policies',
    call: (cloud) => cloud.describeSecurityGroupPolicies(group),
  },
  {
    action: 'cvm:AssociateNetworkInterfaceSecurityGroups',
    neededBy: 'node security groups (spec 000)',
    call: (cloud) => cloud.associateSecurityGroups({ eniIds: [eni], securityGroupIds: [group] }),
  },
  {
    action: 'cvm:DisassociateNetworkInterfaceSecurityGroups',
    neededBy: 'node security groups (spec 000)',
    call: (cloud) => cloud.disassociateSecurityGroups({ eniIds: [eni], securityGroupIds: [group] }),
  },
  {
    action: 'vpc:ModifyNetworkInterfaceAttribute',
    neededBy: 'groups changed in place (opt-in)',
    call: (cloud) => cloud.replaceSecurityGroups({ eniId: eni, securityGroupIds: [group] }),
  },
  {
    action: 'vpc:CreateSubNetworkInterface',
    neededBy: 'Pods with groups of their own (spec 002)',
    call: (cloud) => cloud.createSubEni({ ...request, trunkEniId: eni }),
  },
  {
    action: 'vpc:DeleteSubNetworkInterface',
    neededBy: 'Pods with groups of their own (spec 002)',
    call: (cloud) => cloud.deleteSubEni(eni),
  },
  {
    action: 'cvm:CheckNetworkInterfaceSecurityGroupReady',
    neededBy: 'Pods with groups of their own (spec 002)',
    call: (cloud) => cloud.checkSecurityGroupReady([eni]),
  },
  {
    action: 'cvm:AllocateAddresses',
    neededBy: 'EIPs of Pods (spec 004)',
    // Three values that no account may buy with, since this one would cost money.
    call: (cloud) =>
      cloud.allocateEip({
        attributes: { InternetServiceProvider: 'NONE', InternetChargeType: 'NONE', InternetMaxBandwidthOut: 0 },
        name: request.name,
        tags: [],
        clientToken: request.clientToken,
      }),
  },
  {
    action: 'cvm:AssociateAddress',
    neededBy: 'EIPs of Pods (spec 004)',
    call: (cloud) => cloud.associateEip({ eipId: eip, eniId: eni, privateIp: address }),
  },
  {
    action: 'cvm:DisassociateAddress',
    neededBy: 'EIPs of Pods (spec 004)',
    call: (cloud) => cloud.disassociateEip(eip),
  },
  { action: 'cvm:ReleaseAddresses', neededBy: 'EIPs of Pods (spec 004)', call: (cloud) => cloud.releaseEip(eip) },
  {
    action: 'cvm:ModifyAddressesBandwidth',
    neededBy: 'the bandwidth of EIPs (opt-in)',
    call: (cloud) => cloud.modifyEipBandwidth({ eipId: eip, bandwidth: 1 }),
  },
  {
    action: 'cvm:DescribeAddresses',
    neededBy: 'EIPs of Pods (spec 004)',
    call: (cloud) => cloud.describeEips({ eipIds: [eip] }),
  },
  {
    action: 'cvm:DescribeAddressQuota',
    neededBy: 'EIPs of Pods (spec 004)',
    call: (cloud) => cloud.describeEipQuotas(),
  },
  {
    action: 'cam:ListAttachedRolePolicies',
    neededBy: 'telling which role lacks a policy (optional)',
    call: (cloud) => cloud.listRolePolicies('IPAMDofTKE_QCSRole'),
  },
];

/** One call for each, one after the other; never throws for a refusal. */
export async function probeActions(
  cloud: VpcCloud,
  options: { readonly signal?: AbortSignal; readonly onProgress?: (text: string) => void } = {},
): Promise<readonly ActionProbe[]> {
  const probes: ActionProbe[] = [];
  for (const { action, neededBy, call } of trials) {
    options.signal?.throwIfAborted();
    options.onProgress?.(`CAM: ${action}`);
    probes.push({ action, neededBy, ...(await answerOf(() => call(cloud))) });
  }
  return probes;
}

async function answerOf(call: () => Promise<unknown>): Promise<{ answer: ActionAnswer; detail: string }> {
  try {
    await call();
    return { answer: 'allowed', detail: '' };
  } catch (error) {
    const detail = errorText(error);
    if (!(error instanceof CloudError)) return { answer: 'unknown', detail };
    switch (error.code) {
      case cloudErrors.unauthorized.code:
        return { answer: 'denied', detail };
      case cloudErrors.unknownAction.code:
        return { answer: 'not-offered', detail };
      case cloudErrors.credentials.code:
      case cloudErrors.clockSkew.code:
      case cloudErrors.network.code:
      case cloudErrors.service.code:
      case cloudErrors.throttled.code:
      case cloudErrors.aborted.code:
      case cloudErrors.fenced.code:
        return { answer: 'unknown', detail };
      default:
        return { answer: 'allowed', detail };
    }
  }
}

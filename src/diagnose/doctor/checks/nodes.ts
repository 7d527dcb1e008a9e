// Per node: the model's quota, the agent, the kernel (early demux, rp_filter, link driver, strict routing's rule), taints.
import { resourceNames } from '../../../api/keys.ts';
import type { NodeEniConfig } from '../../../api/node-eni-config.ts';
import { TRUNKING_FAMILIES, modelFamily } from '../../../planning/sub-eni-quota.ts';
import { isSuperNode } from '../../../planning/super-node-requirements.ts';
import { type Check, type DoctorInput, type Finding } from '../check.ts';

export const models: Check = {
  id: 'model-quotas',
  title: 'what the model of each node allows',
  run: ({ picture }) =>
    picture.kube.nodeEniConfigs.flatMap(({ metadata, spec, status }): Finding[] => {
      const subject = `node ${metadata.name}`;
      const sub = status?.subENI;
      const route = status?.routeENI;
      const findings: Finding[] = [];
      if (sub !== undefined && sub.quota === 0 && !sub.reason.startsWith('vpcCni.trunkingEni')) {
        const family = modelFamily(spec.instanceType ?? '');
        findings.push({
          severity: 'warning',
          subject,
          message: `it carries no sub-ENI: ${sub.reason}`,
          ...(TRUNKING_FAMILIES.includes(family)
            ? {}
            : {
                fix: {
                  text: `use a model of ${TRUNKING_FAMILIES.join(', ')} (spec 002, limitations)`,
                  automatic: false,
                },
              }),
        });
      }
      if (route !== undefined && route.quota === 0)
        findings.push({ severity: 'problem', subject, message: `it shares no address: ${route.reason}` });
      return findings;
    }),
};

export const nodes: Check = {
  id: 'nodes',
  title: 'each node is managed and its agent ready',
  run: (input) => [...unmanaged(input), ...agents(input), ...conditions(input)],
};

function unmanaged({ picture }: DoctorInput): readonly Finding[] {
  if (picture.kube.nodeEniConfigs.length === 0) return [];
  const managed = new Set(picture.kube.nodeEniConfigs.map(({ metadata }) => metadata.name));
  return picture.kube.nodes.flatMap((node): Finding[] => {
    const { name } = node.metadata;
    const controlPlane = Object.keys(node.metadata.labels ?? {}).some((key) =>
      /role\.kubernetes\.io\/(master|control-plane)$/.test(key),
    );
    if (managed.has(name) || isSuperNode(node) || controlPlane) return [];
    return [
      {
        severity: 'warning',
        subject: `node ${name}`,
        message: `it has no nec: its providerID is ${node.spec?.providerID ?? 'not set'}, expected qcloud:///ZONE/ins-...`,
      },
    ];
  });
}

function agents({ picture }: DoctorInput): readonly Finding[] {
  return picture.kube.nodeEniConfigs.flatMap(({ metadata, status }): Finding[] => {
    const subject = `node ${metadata.name}`;
    const node = status?.node;
    if (node === undefined) return [{ severity: 'problem', subject, message: 'no agent has reported from it' }];
    if (!node.ready)
      return [
        { severity: 'problem', subject, message: `its agent is not ready: ${node.message ?? 'it says nothing'}` },
      ];
    return node.message === undefined || node.message === ''
      ? []
      : [{ severity: 'warning', subject, message: `its agent says: ${node.message}` }];
  });
}

function conditions({ picture }: DoctorInput): readonly Finding[] {
  return picture.kube.nodeEniConfigs.flatMap(({ metadata, status }) =>
    (status?.conditions ?? []).flatMap(({ type, status: state, reason, message }): Finding[] =>
      // In static mode nothing is shared, and that is as it should be.
      state === 'False' && reason !== 'StaticMode'
        ? [{ severity: 'warning', subject: `node ${metadata.name}`, message: `${type}: ${reason}: ${message}` }]
        : [],
    ),
  );
}

export const kernel: Check = {
  id: 'kernel',
  title: 'early demux, rp_filter and kernel features of each node',
  run: ({ picture }) => picture.kube.nodeEniConfigs.flatMap(ofKernel),
};

function ofKernel({ metadata, status }: NodeEniConfig): readonly Finding[] {
  const subject = `node ${metadata.name}`;
  const node = status?.node;
  if (node === undefined) return [];
  const findings: Finding[] = [];
  if (node.linkDriver === 'unavailable')
    findings.push({
      severity: 'problem',
      subject,
      message: 'its kernel has no link for sub-ENIs: neither a VLAN device nor a veth device could be made',
      fix: { text: 'load the module 8021q on the node', command: 'modprobe 8021q', automatic: false },
    });
  const filtered = Object.entries(node.sysctls ?? {}).filter(
    ([key, value]) => key.endsWith('.rp_filter') && value === '1',
  );
  if (filtered.length > 0)
    findings.push({
      severity: 'problem',
      subject,
      message: `rp_filter is strict (${filtered.map(([key]) => key).join(', ')}): answers to Pods of other ENIs are dropped`,
      fix: {
        text: 'set it to 0 on the node; look who sets it (tuned, systemd-sysctl)',
        command: filtered.map(([key]) => `sysctl -w ${key}=0`).join(' && '),
        automatic: false,
      },
    });
  const forward = node.sysctls?.['net.ipv4.ip_forward'];
  if (forward === '0')
    findings.push({
      severity: 'problem',
      subject,
      message: 'net.ipv4.ip_forward is 0: no Pod reaches anything',
      fix: { text: 'switch it on', command: 'sysctl -w net.ipv4.ip_forward=1', automatic: false },
    });
  return [...findings, ...ofRouting(subject, node.routing)];
}

function ofRouting(
  subject: string,
  routing: NonNullable<NonNullable<NodeEniConfig['status']>['node']>['routing'],
): readonly Finding[] {
  if (routing?.strict !== true) return [];
  const findings: Finding[] = [];
  const on = [...(routing.tcpEarlyDemux === true ? ['Tcp'] : []), ...(routing.udpEarlyDemux === true ? ['Udp'] : [])];
  for (const protocol of on)
    findings.push({
      severity: 'problem',
      subject,
      message: `${protocol.toLowerCase()}_early_demux is on and it has Pods with strict routing: the node does not reach them, and probes fail`,
      fix: {
        text: `switch it off by the add-on value`,
        command: `kubectl -n kube-system patch configmap tke-eni-ipamd --type merge -p '{"data":{"agent.config.disable${protocol}EarlyDemux":"true"}}'`,
        automatic: false,
      },
    });
  if (routing.ipvs)
    findings.push({
      severity: 'problem',
      subject,
      message: 'its service proxy works with IPVS: Pods with strict routing reach no Service',
    });
  if (routing.nodeLocalDNS)
    findings.push({
      severity: 'problem',
      subject,
      message: 'a DNS cache listens inside it: Pods with strict routing do not reach it',
    });
  if (routing.message !== undefined)
    findings.push({
      severity: 'problem',
      subject,
      message: routing.message,
      fix: { text: 'restart tke-eni-agent on the node', automatic: false },
    });
  return findings;
}

/** Extended resource of ordinary Pods. */
export const SHARED = resourceNames.eniIp;

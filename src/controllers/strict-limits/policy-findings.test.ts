// Which limits of strict routing a policy's status tells: of the Pods it matches, before and after they are strict.
import { beforeEach, describe, expect, it } from 'vitest';
import { objectNames } from '../../api/keys.ts';
import { type NodeEniConfig, nodeEniConfigs } from '../../api/node-eni-config.ts';
import { type EnforcingMode, subEniName, type VpcEni, vpcEnis } from '../../api/vpc-eni.ts';
import type { ConfigMap, Container, Pod, Service } from '../../kube/resources.ts';
import { configMaps, daemonSets, networkPolicies, pods as podResource, services } from '../../kube/resources.ts';
import { createManualInformer } from '../../kube/testing/manual-informer.ts';
import type { KubeObject, Resource } from '../../kube/types.ts';
import { projectPod, type WorkingPod } from '../views.ts';
import type { StrictLimitDeps } from './facts.ts';
import { policyStrictFindings } from './policy-findings.ts';
import { type NetworkPolicyView, projectNetworkPolicy, projectService } from './views.ts';

const byNamespace = { namespace: ({ metadata }: KubeObject) => [metadata.namespace ?? ''] };
const make = () => ({
  pods: createManualInformer<WorkingPod>(podResource as unknown as Resource<WorkingPod>),
  vpcEnis: createManualInformer<VpcEni>(vpcEnis),
  nodeEniConfigs: createManualInformer<NodeEniConfig>(nodeEniConfigs),
  services: createManualInformer<Service>(services, byNamespace),
  networkPolicies: createManualInformer<NetworkPolicyView>(
    networkPolicies as unknown as Resource<NetworkPolicyView>,
    byNamespace,
  ),
  masqAgent: createManualInformer<KubeObject>(daemonSets as Resource<KubeObject>),
  masqConfig: createManualInformer<ConfigMap>(configMaps),
});

let informers: ReturnType<typeof make>;
let mode: EnforcingMode;
beforeEach(() => {
  informers = make();
  mode = 'strict';
});

const codes = (...pods: readonly WorkingPod[]): readonly string[] => {
  const settings = { current: () => ({ 'vpcCni.trunkingEni.podSecurityGroupEnforcingMode': mode }) };
  const deps = { informers, settings } as unknown as StrictLimitDeps;
  return policyStrictFindings(deps, pods).map(({ code, message }) => `${code} ${message.slice(0, 60)}`);
};
const pod = (
  name: string,
  labels: Record<string, string> = {},
  ports: NonNullable<Container['ports']> = [],
): WorkingPod => {
  const containers = [
    { name: 'main', image: 'i', ports },
    { name: 'side', image: 'i' },
  ];
  const whole = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', uid: name, labels } };
  return projectPod({ ...whole, spec: { containers } } as Pod, (same) => same);
};
const node = (name: string, quota: number, ipvs: boolean): void =>
  informers.nodeEniConfigs.put({
    metadata: { name },
    spec: {},
    status: {
      subENI: { quota, reason: '' },
      node: { linkDriver: 'vlan', ready: true, routing: { strict: false, ipvs, nodeLocalDNS: false } },
    },
  } as unknown as NodeEniConfig);
const eni = (name: string, enforcingMode: EnforcingMode, nodeName = 'n1'): void =>
  informers.vpcEnis.put({
    metadata: { name: subEniName(name) },
    spec: { type: 'SubENI', nodeName, enforcingMode, pod: { namespace: 'shop', name, uid: name }, securityGroups: [] },
    status: { eni: { addresses: [{ ip: '10.0.36.21' }] } },
  } as unknown as VpcEni);
const masquerade = (config: object): void => {
  const namespace = objectNames.systemNamespace;
  informers.masqAgent.put({ metadata: { name: objectNames.masq, namespace } } as KubeObject);
  const metadata = { name: objectNames.masqConfig, namespace };
  informers.masqConfig.put({ metadata, data: { config: JSON.stringify(config) } } as unknown as ConfigMap);
};

describe('the limits of strict routing of a policy', () => {
  it('are told before there is any Pod, of every node that carries sub-ENIs', () => {
    node('n1', 100, true);
    node('n2', 0, true);
    expect(codes()).toEqual([expect.stringContaining('IPVS the service proxy of node n1 works with IPVS')]);
  });

  it('are silent with standard routing, until one of its Pods is strict', () => {
    node('n1', 100, true);
    node('n2', 100, true);
    mode = 'standard';
    eni('a', 'standard');
    expect(codes(pod('a'))).toEqual([]);
    eni('b', 'strict', 'n2');
    expect(codes(pod('a'), pod('b'))).toEqual([expect.stringContaining('node n2')]);
  });

  it('count Services and NetworkPolicies that select one of its Pods, standard ones too: made anew they are strict', () => {
    const where = { namespace: 'shop' };
    const policy = { apiVersion: '', kind: '', metadata: { name: 'deny', ...where } };
    informers.networkPolicies.put(
      projectNetworkPolicy({ ...policy, spec: { podSelector: { matchLabels: { app: 'web' } } } }),
    );
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', selector: { app: 'web' } };
    informers.services.put(projectService({ ...policy, metadata: { name: 'lb', ...where }, spec }));
    informers.services.put(
      projectService({
        ...policy,
        metadata: { name: 'all', ...where },
        spec: { ...spec, externalTrafficPolicy: 'Cluster' },
      }),
    );
    expect(codes(pod('a', { app: 'db' }))).toEqual([]);
    expect(codes(pod('a', { app: 'db' }), pod('b', { app: 'web' }))).toEqual([
      expect.stringContaining('NetworkPolicy NetworkPolicy shop/deny:'),
      expect.stringContaining('ExternalTrafficPolicyLocal Service shop/lb:'),
    ]);
  });

  it('count the ports of their node that Pods ask for', () => {
    const ports = [
      { containerPort: 80 },
      { containerPort: 8080, hostPort: 18_080 },
      { containerPort: 53, hostPort: 53 },
    ];
    expect(codes(pod('a', {}, ports.slice(0, 1)))).toEqual([]);
    expect(codes(pod('a'), pod('b', {}, ports))).toEqual([
      'HostPort hostPort of Pod shop/b (18080, 53): callers of the node do n',
    ]);
  });

  it('count SNAT when ip-masq-agent is installed, with its defaults when it has no configuration', () => {
    eni('a', 'strict');
    expect(codes(pod('a'))).toEqual([]);
    masquerade({ NonMasqueradeSrcCIDRs: ['10.0.36.21/32'] });
    expect(codes(pod('a'))).toEqual([]);
    informers.masqConfig.remove(`${objectNames.systemNamespace}/${objectNames.masqConfig}`);
    expect(codes(pod('a'))).toEqual([expect.stringContaining('SNAT SNAT applies to what Pod address 10.0.36.21')]);
  });
});

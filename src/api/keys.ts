// Every annotation, label, resource, taint, finalizer and object name that Trunkline reads or writes.
// Source: facts of the documented add-ons (spec 000 to 004); a name of our own is marked "ours".

const PREFIX = 'tke.cloud.tencent.com';

export const annotations = {
  /** Which CNI network a Pod uses: `tke-route-eni`, `tke-direct-eni`, `tke-sub-eni` (spec 002, 004). */
  networks: `${PREFIX}/networks`,
  /** Comma list of the Pod's security groups, in order of priority (spec 002). */
  securityGroupId: `${PREFIX}/security-group-id`,
  /** The super-node key of the same meaning (spec 001; a GUESS of the facts). */
  eksSecurityGroupId: 'eks.tke.cloud.tencent.com/security-group-id',
  /** Ours: the admission decision as JSON: policies with uid and generation, groups, reason. */
  admissionDecision: `${PREFIX}/security-group-decision`,
  /** Node annotation of spec 000. */
  disableNodeEniSecurityGroups: `${PREFIX}/disable-node-eni-security-groups`,
  /** Node annotation: wanted number of Pod addresses, at least (facts/tke.md 4.3). */
  desiredRouteEniPodNum: `${PREFIX}/desired-route-eni-pod-num`,
  /** Node annotation whose presence stops the handling of the node's ENIs (facts/tke.md 4.3). */
  disableNodeEni: `${PREFIX}/disable-node-eni`,
  /** Annotations of a nec: warm pool and caps of the node (facts/tke.md 4.3). */
  routeEniIpMinWarmTarget: `${PREFIX}/route-eni-ip-min-warm-target`,
  routeEniIpMaxWarmTarget: `${PREFIX}/route-eni-ip-max-warm-target`,
  /** Ours, on a nec: the default targets that it was made with, `min,max`; targets that still equal them follow when defaults are synced. */
  routeEniIpWarmTargetDefault: `${PREFIX}/route-eni-ip-warm-target-default`,
  /** Ours, on ConfigMap kube-system/tke-eni-ipamd: the `vpcCni.ipMode` in force, which is not changed while addresses are in use. */
  ipModeInForce: `${PREFIX}/ip-mode-in-force`,
  /** Ours, on the same ConfigMap: since when `--enable-ownerref` is on; older workloads are not owners (spec 004, cascade). */
  ownerRefSince: `${PREFIX}/owner-ref-since`,
  routeEniMaxAttach: `${PREFIX}/route-eni-max-attach`,
  maxIpPerRouteEni: `${PREFIX}/max-ip-per-route-eni`,
  /** Annotations of a nec for exclusive ENIs (facts/tke.md 4.3): the cap is read; warm ENIs are not kept, and their targets only named (ADR 0025). */
  directEniMaxAttach: `${PREFIX}/direct-eni-max-attach`,
  directEniMinWarmTarget: `${PREFIX}/direct-eni-min-warm-target`,
  directEniMaxWarmTarget: `${PREFIX}/direct-eni-max-warm-target`,
  eipAttributes: `${PREFIX}/eip-attributes`,
  eipClaimDeletePolicy: `${PREFIX}/eip-claim-delete-policy`,
  eipIdList: `${PREFIX}/eip-id-list`,
  eipPublicIp: `${PREFIX}/eip-public-ip`,
  /** The keys of super nodes of the same meaning (facts/tke.md 4.2). */
  eksEipAttributes: 'eks.tke.cloud.tencent.com/eip-attributes',
  eksEipClaimDeletePolicy: 'eks.tke.cloud.tencent.com/eip-claim-delete-policy',
  eksEipIdList: 'eks.tke.cloud.tencent.com/eip-id-list',
  vpcIpClaimDeletePolicy: `${PREFIX}/vpc-ip-claim-delete-policy`,
  claimExpiredDuration: `${PREFIX}/claim-expired-duration`,
  nominatedVpcIp: `${PREFIX}/nominated-vpc-ip`,
  nominatedEniSubnets: `${PREFIX}/nominated-eni-subnets`,
} as const;

export const labels = {
  /** Ours, on a Namespace while it has a SecurityGroupPolicy: admission of its Pods fails closed (ADR 0018). */
  securityGroupPolicy: `${PREFIX}/security-group-policy`,
  podName: `${PREFIX}/pod-name`,
  podNamespace: `${PREFIX}/pod-namespace`,
  nodeName: `${PREFIX}/node-name`,
  /** Ours: marks objects that this project manages, so that a foreign install is recognised (DESIGN, decision 10). */
  managedBy: 'app.kubernetes.io/managed-by',
  /** Node label: comma list (joined by `.` or `_` where a label allows no comma) of subnets of the node's ENIs (facts/tke.md 4.3). */
  routeEniSubnetIds: `${PREFIX}/route-eni-subnet-ids`,
  instanceType: 'node.kubernetes.io/instance-type',
  zone: 'topology.kubernetes.io/zone',
} as const;

export const MANAGED_BY = 'trunkline';

export const networks = { routeEni: 'tke-route-eni', directEni: 'tke-direct-eni', subEni: 'tke-sub-eni' } as const;

export const resourceNames = {
  eniIp: `${PREFIX}/eni-ip`,
  directEni: `${PREFIX}/direct-eni`,
  subEni: `${PREFIX}/sub-eni`,
  eip: `${PREFIX}/eip`,
} as const;

export const taints = {
  eniIpUnavailable: `${PREFIX}/eni-ip-unavailable`,
  eklet: 'eks.tke.cloud.tencent.com/eklet',
} as const;

/** `node.kubernetes.io/instance-type` of every super node (spec 001). */
export const SUPER_NODE_INSTANCE_TYPE = 'eklet';

export const finalizers = {
  /** On VpcENI: the cloud resource is gone before the object is (DESIGN, decision 5). */
  eni: 'networking.tke.cloud.tencent.com/eni',
  /** Ours, on a Namespace: what its Pods have in the cloud is gone before the namespace is. */
  namespace: 'networking.tke.cloud.tencent.com/pods',
  /** On VpcIPClaim and VpcIP: what they hold is given back to the cloud before the object is gone. */
  address: 'networking.tke.cloud.tencent.com/address',
  /** On EIPClaim: its EIP is released, or unbound, before the object is gone. */
  eip: 'networking.tke.cloud.tencent.com/eip',
} as const;

/** Tags on cloud resources. `cluster` carries the UID of the kube-system namespace: without a match nothing is ours. */
export const tags = {
  cluster: 'trunkline-cluster-uid',
  /** `VpcENI/<name>`. */
  owner: 'trunkline-owner',
  ownerUid: 'trunkline-owner-uid',
  attempt: 'trunkline-attempt',
} as const;

export const fieldManagers = {
  ipamd: 'tke-eni-ipamd',
  agent: 'tke-eni-agent',
  webhook: 'add-pod-eni-ip-limit-webhook',
} as const;

export const objectNames = {
  systemNamespace: 'kube-system',
  ipamd: 'tke-eni-ipamd',
  agent: 'tke-eni-agent',
  webhook: 'add-pod-eni-ip-limit-webhook',
  webhookNamespace: 'tke-eni-ip-webhook',
  /** ConfigMap with the add-on values, flat dotted keys. */
  addonValues: 'tke-eni-ipamd',
  /** Ours: ConfigMap in which ipamd publishes the container subnets (subnet-report.ts). */
  subnets: 'tke-eni-ip-subnets',
  scheduler: 'tke-eni-ip-scheduler',
  /** DaemonSet (spec 004). */
  masq: 'ip-masq-agent',
  /** ConfigMap with its configuration under key `config` (spec 004). */
  masqConfig: 'ip-masq-agent-config',
  /** Ours: ConfigMap with the security groups that each namespace may use (ADR 0018). */
  allowedGroups: 'tke-eni-allowed-security-groups',
  /** Secret with secretId, secretKey and optionally token. */
  credentials: 'tke-eni-ipamd-credentials',
} as const;

/** Label key whose presence on a namespace switches the webhook off there (documented). */
export const WEBHOOK_EXEMPT_LABEL = 'not-add-pod-eni-ip-limit';

/** A Pod's or node's name as a label value: itself when it fits in 63 characters, else cut with a hash suffix. */
export function nameLabel(name: string, hash: (text: string) => string): string {
  return name.length <= 63 ? name : `${name.slice(0, 54)}-${hash(name).slice(0, 8)}`;
}

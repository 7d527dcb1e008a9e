// Document 002 as it is typed, on general nodes, and what of document 004 is about listing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Desk } from './testing/desk.ts';
import { openDesk, typingPossible } from './testing/desk.ts';
import type { Terminal, Typed } from './testing/terminal.ts';

const { possible, why } = await typingPossible();

const FILES = `cat > policy.yaml <<EOF
apiVersion: vpcresources.tke.cloud.tencent.com/v1beta1
kind: SecurityGroupPolicy
metadata:
  name: my-security-group-policy
  namespace: my-namespace
spec:
  podSelector:
    matchLabels:
      app: my-app
  securityGroups:
    groupIds:
    - sg-xxxxyyyy
EOF
cat > nginx.yaml <<EOF
apiVersion: apps/v1
kind: Deployment
metadata:
  name: nginx
  labels:
    app: my-app
spec:
  replicas: 1
  selector:
    matchLabels:
      app: my-app
  template:
    metadata:
      annotations:
      labels:
        app: my-app
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: nginx
        image: nginx:1.7.9
        ports:
        - containerPort: 80
EOF`;

describe.skipIf(!possible)(`documents 002 and 004, typed${why}`, { timeout: 60_000 }, () => {
  let desk: Desk;
  let a: Terminal;
  let pod = '';

  beforeAll(async () => {
    desk = await openDesk({ nodes: 1, superNodes: 0 });
    a = desk.terminal();
  });
  afterAll(async () => await desk?.close());

  const done = async (line: string): Promise<Typed> => {
    const typed = await a.type(line, 50_000);
    expect({ line, ...typed }).toMatchObject({ code: 0 });
    return typed;
  };
  const subEnis =
    'tccli vpc DescribeNetworkInterfaces --cli-unfold-argument --Filters.0.Name eni-type --Filters.0.Values 2 --filter TotalCount';

  it('the permission is forgotten on the other role', async () => {
    await done('tccli cam DetachRolePolicy --DetachRoleName TKE_QCSRole --PolicyName SubENIForIPAMD');
  });

  it('the policy and the application of the sample are applied', async () => {
    await done(
      'kubectl create namespace my-namespace && kubectl config set-context --current --namespace=my-namespace',
    );
    await done(FILES);
    await done('kubectl apply -f policy.yaml && kubectl apply -f nginx.yaml');
    await done('kubectl rollout status deployment/nginx --timeout=45s');
    pod = (await done('kubectl get pod -l app=my-app -o name')).text.trim().replace('pod/', '');
  });

  it('kubectl describe sgp names the role without the permission, with an event', async () => {
    const event = 'Warning +TkeRoleLacksPolicy ';
    await done(`until kubectl describe sgp my-security-group-policy | grep -qE '${event}'; do :; done`);
    const { text } = await done('kubectl describe sgp my-security-group-policy');
    expect(text).toMatch(
      /Message: .*Warning TkeRoleLacksPolicy: role TKE_QCSRole does not have CAM policy SubENIForIPAMD/,
    );
    expect(text).not.toContain('IpamdRoleLacksPolicy');
    await done('tccli cam AttachRolePolicy --AttachRoleName TKE_QCSRole --PolicyName SubENIForIPAMD');
  });

  it('the Pod shows that it uses a sub-ENI with the group', async () => {
    const { text } = await done(`kubectl get pod ${pod} -oyaml`);
    expect(text).toMatch(/^ {4}tke\.cloud\.tencent\.com\/networks: tke-sub-eni$/m);
    expect(text).toMatch(/^ {4}tke\.cloud\.tencent\.com\/security-group-id: sg-xxxxyyyy$/m);
    expect(text).toMatch(/^ {8}tke\.cloud\.tencent\.com\/sub-eni: "1"$/m);
  });

  it('the VpcENI found by its labels leads to the ENI in the cloud, which has the group', async () => {
    const labels = `tke.cloud.tencent.com/pod-name=${pod},tke.cloud.tencent.com/pod-namespace=my-namespace`;
    const { text } = await done(`kubectl get vpceni -l ${labels}`);
    const lines = text.trim().split('\n');
    expect(lines).toHaveLength(2);
    const name = lines[1]?.split(/ +/)[0] ?? '';
    const id = (await done(`kubectl get vpceni ${name} -ojsonpath='{.status.eni.eniID}'`)).text.trim();
    const groups =
      `tccli vpc DescribeNetworkInterfaces --cli-unfold-argument --NetworkInterfaceIds.0 ${id} ` +
      '--filter NetworkInterfaceSet[0].GroupSet';
    expect(JSON.parse((await done(groups)).text)).toEqual(['sg-xxxxyyyy']);
  });

  it('a Pod without a group reaches it by the name of a Service', async () => {
    await done('kubectl expose deployment nginx --port=80');
    await done('kubectl run client --image=busybox --restart=Never --command -- sleep 3600');
    await done('kubectl wait pod/client --for=condition=Ready --timeout=45s');
    expect((await done('kubectl exec client -- curl -s nginx')).text).toContain('Welcome to nginx!');
    expect((await done('kubectl exec client -- nslookup nginx.my-namespace.svc.cluster.local')).text).toMatch(
      /Name:\s+nginx\.my-namespace\.svc\.cluster\.local\nAddress: 10\.96\.\d+\.\d+/,
    );
  });

  it('claims of EIPs are listed under their short name, and one that is not there cannot be released', async () => {
    expect((await done('kubectl get eipc -n default')).text).toContain('No resources found in default namespace.');
    const released = await a.type('kubectl delete eipc busybox-0 -n default');
    expect(released).toMatchObject({ code: 1 });
    expect(released.text).toContain(
      'Error from server (NotFound): eipclaims.networking.tke.cloud.tencent.com "busybox-0" not found',
    );
  });

  it('a deleted namespace leaves nothing in the cloud', async () => {
    expect((await done(subEnis)).text.trim()).toBe('1');
    await done('kubectl delete namespace my-namespace');
    expect((await done(subEnis)).text.trim()).toBe('0');
    // The cloud would refuse this while any ENI has it.
    await done('tccli vpc DeleteSecurityGroup --cli-unfold-argument --SecurityGroupId sg-xxxxyyyy');
  });
});

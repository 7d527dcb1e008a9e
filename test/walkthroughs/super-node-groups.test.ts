// Document 001 as it is typed: a group for Pods of super nodes, the policy, the sample application, and its end.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLUSTER_ID } from '../../lab/layout.ts';
import type { Desk } from './testing/desk.ts';
import { openDesk, typingPossible } from './testing/desk.ts';
import type { Terminal, Typed } from './testing/terminal.ts';

const { possible, why } = await typingPossible();

const POLICY = `cat > my-security-group-policy.yaml <<EOF
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
      - $my_pod_security_group_id
EOF`;

const APPLICATION = `cat > sample-application.yaml <<EOF
apiVersion: apps/v1
kind: Deployment
metadata:
  name: my-deployment
  namespace: my-namespace
  labels:
    app: my-app
spec:
  replicas: 2
  selector:
    matchLabels:
      app: my-app
  template:
    metadata:
      labels:
        app: my-app
    spec:
      terminationGracePeriodSeconds: 120
      containers:
      - name: nginx
        image: nginx:latest
        ports:
        - containerPort: 80
      nodeSelector:
        node.kubernetes.io/instance-type: eklet
      tolerations:
      - effect: NoSchedule
        key: eks.tke.cloud.tencent.com/eklet
        operator: Exists
---
apiVersion: v1
kind: Service
metadata:
  name: my-app
  namespace: my-namespace
  labels:
    app: my-app
spec:
  selector:
    app: my-app
  ports:
    - protocol: TCP
      port: 80
      targetPort: 80
EOF`;

const rule = (verb: string, group: string, direction: string, parts: string): string =>
  `tccli vpc ${verb}SecurityGroupPolicies --cli-unfold-argument --SecurityGroupId ${group} ` +
  parts.replaceAll('--', `--SecurityGroupPolicySet.${direction}.0.`);
const dns = (verb: string, protocol: string): string =>
  rule(
    verb,
    '$my_cluster_security_group_id',
    'Ingress',
    `--Protocol ${protocol} --Port 53 --SecurityGroupId $my_pod_security_group_id --Action ACCEPT`,
  );
const groupNamed = (name: string): string =>
  `$(tccli vpc DescribeSecurityGroups --cli-unfold-argument --Filters.0.Name security-group-name --Filters.0.Values ${name} ` +
  `--filter SecurityGroupSet[0].SecurityGroupId | sed 's/\\"//g')`;

describe.skipIf(!possible)(`document 001, typed${why}`, { timeout: 90_000 }, () => {
  let desk: Desk;
  let a: Terminal;
  let b: Terminal;
  let pods: readonly { readonly name: string; readonly ip: string }[];

  beforeAll(async () => {
    desk = await openDesk({ nodes: 1, superNodes: 1 });
    a = desk.terminal();
  });
  afterAll(async () => await desk?.close());

  const done = async (terminal: Terminal, line: string, timeoutMs?: number): Promise<Typed> => {
    const typed = await terminal.type(line, timeoutMs);
    expect({ line, ...typed }).toMatchObject({ code: 0 });
    return typed;
  };

  it('step 1: the ids of the cluster, a group for the Pods, and its rules', async () => {
    await done(a, `my_cluster_name=${CLUSTER_ID}`);
    await done(
      a,
      "my_cluster_vpc_id=$(tccli tke DescribeClusters --cli-unfold-argument --ClusterIds $my_cluster_name --filter Clusters[0].ClusterNetworkSettings.VpcId | sed 's/\\\"//g')",
    );
    await done(a, `my_cluster_security_group_id=${groupNamed('tke-worker-security-for-$my_cluster_name')}`);
    expect((await done(a, 'echo $my_cluster_vpc_id $my_cluster_security_group_id')).text).toContain(
      'vpc-lab00001 sg-labnodes',
    );
    const name = 'my-pod-security-group';
    await done(a, `my_pod_security_group_name=${name}`);
    await done(a, `tccli vpc CreateSecurityGroup --GroupName "${name}" --GroupDescription "My pod security group"`);
    await done(a, `my_pod_security_group_id=${groupNamed(name)}`);
    expect((await done(a, 'echo $my_pod_security_group_id')).text).toMatch(/sg-[0-9a-z]{8}/);
    await done(a, dns('Create', 'UDP'));
    await done(a, dns('Create', 'TCP'));
    const own = '--Protocol ALL --Port ALL --SecurityGroupId $my_pod_security_group_id --Action ACCEPT';
    await done(a, rule('Create', '$my_pod_security_group_id', 'Ingress', own));
    await done(a, rule('Create', '$my_pod_security_group_id', 'Egress', '--Protocol ALL --Port ALL --Action ACCEPT'));
  });

  it('steps 2 to 4: a namespace, the policy, the application', async () => {
    expect((await done(a, 'kubectl create namespace my-namespace')).text).toContain('namespace/my-namespace created');
    await done(a, POLICY);
    expect((await done(a, 'kubectl apply -f my-security-group-policy.yaml')).text).toContain(
      'securitygrouppolicy.vpcresources.tke.cloud.tencent.com/my-security-group-policy created',
    );
    await done(a, APPLICATION);
    const { text } = await done(a, 'kubectl apply -f sample-application.yaml');
    expect(text).toContain('deployment.apps/my-deployment created\nservice/my-app created');
  });

  it('step 5: the Pods run on the super node, with addresses of its subnet', async () => {
    await done(a, 'kubectl rollout status -n my-namespace deployment/my-deployment --timeout=60s', 70_000);
    const { text } = await done(a, 'kubectl get pods -n my-namespace -o wide');
    const lines = text.trim().split('\n');
    expect(lines[0]).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/);
    expect(lines).toHaveLength(3);
    pods = lines.slice(1).map((line) => {
      expect(line).toMatch(
        /^my-deployment-\S+ +1\/1 +Running +0 +\d+s +10\.0\.64\.\d+ +eklet-subnet-\S+ +<none> +<none>$/,
      );
      const [name = '', , , , , ip = ''] = line.split(/ +/);
      return { name, ip };
    });
  });

  it('steps 6 and 7: a shell in a Pod, where the application answers by its name', async () => {
    b = desk.terminalOf(`kubectl exec -it -n my-namespace ${pods[0]?.name} -- /bin/bash`);
    const { text } = await done(b, 'curl my-app');
    expect(text).toContain('<title>Welcome to nginx!</title>');
    expect((await done(b, 'nslookup my-app.my-namespace.svc.cluster.local')).text).toContain('10.96.0.10:53');
    expect((await done(b, 'ip addr show dev eth0')).text).toContain(pods[0]?.ip);
  });

  it('steps 8 and 9: without the rules for DNS the name is not found, and the address still answers', async () => {
    await done(a, dns('Delete', 'UDP'));
    await done(a, dns('Delete', 'TCP'));
    const failed = await b.type('curl my-app', 60_000);
    expect(failed).toMatchObject({
      code: 6,
      text: expect.stringContaining('Could not resolve host: my-app') as string,
    });
    expect((await done(b, `curl ${pods[1]?.ip}`)).text).toContain('Welcome to nginx!');
  });

  it('step 10: after the namespace is deleted, so can the group be, at once', async () => {
    expect((await done(a, 'kubectl delete namespace my-namespace', 60_000)).text).toContain(
      'namespace "my-namespace" deleted',
    );
    await done(a, 'tccli vpc DeleteSecurityGroup --cli-unfold-argument --SecurityGroupId $my_pod_security_group_id');
    expect((await a.type('kubectl get all -n my-namespace')).text).toContain('No resources found');
  });
});

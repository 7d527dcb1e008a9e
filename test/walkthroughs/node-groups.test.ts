// Documents 000 and 003 as they are typed: groups for the ENIs of nodes by edited arguments, and where the log tells of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE_GROUPS_POLICY, SUB_ENI_POLICY } from '../../lab/permissions.ts';
import type { Desk } from './testing/desk.ts';
import { openDesk, typingPossible } from './testing/desk.ts';
import type { Terminal, Typed } from './testing/terminal.ts';

const { possible, why } = await typingPossible();

const POLICY = `{
        "version": "2.0",
        "statement": [
            {
                "action": [
                    "cvm:AssociateNetworkInterfaceSecurityGroups",
                    "cvm:DisassociateNetworkInterfaceSecurityGroups"
                ],
                "resource": "*",
                "effect": "allow"
            }
        ]
}`;

describe.skipIf(!possible)(`documents 000 and 003, typed${why}`, { timeout: 90_000 }, () => {
  let desk: Desk;
  let a: Terminal;
  let node = '';
  let eni = '';

  beforeAll(async () => {
    desk = await openDesk({ nodes: 1, superNodes: 0, grants: [SUB_ENI_POLICY] });
    a = desk.terminal();
    node = desk.lab.nodes.find(({ kind }) => kind === 'general')?.name ?? '';
  });
  afterAll(async () => await desk?.close());

  const done = async (line: string): Promise<Typed> => {
    const typed = await a.type(line, 80_000);
    expect({ line, ...typed }).toMatchObject({ code: 0 });
    return typed;
  };
  const state = (word: string): Promise<Typed> =>
    done(`kubectl wait nec/${node} --for=jsonpath='{.status.securityGroups.state}'=${word} --timeout=60s`);
  /** Looks, as a person does, until the cloud shows the groups at the ENI of the node. */
  const cloudShows = (groups: string): Promise<Typed> =>
    done(
      `until [ "$(tccli vpc DescribeNetworkInterfaces --cli-unfold-argument --NetworkInterfaceIds.0 ${eni} ` +
        `--filter NetworkInterfaceSet[0].GroupSet | tr -d '[]" \\n')" = "${groups}" ]; do :; done`,
    );

  it('the role of ipamd is given the permission', async () => {
    const { policyName } = NODE_GROUPS_POLICY;
    await done(`tccli cam CreatePolicy --PolicyName ${policyName} --PolicyDocument '${POLICY}'`);
    await done(`tccli cam AttachRolePolicy --AttachRoleName IPAMDofTKE_QCSRole --PolicyName ${policyName}`);
  });

  it('edited arguments restart ipamd, which runs with them', async () => {
    const names = 'kubectl get pods -n kube-system -l k8s-app=tke-eni-ipamd -o name';
    const before = (await done(names)).text.trim();
    const added = '&\\n\\1- --enable-security-groups\\n\\1- --security-groups=sg-nodeweb1';
    await done(`export KUBE_EDITOR=${await desk.editor(`s|^\\( *\\)- --log-level=info$|${added}|`)}`);
    expect((await done('kubectl edit deploy tke-eni-ipamd -n kube-system')).text).toContain(
      'deployment.apps/tke-eni-ipamd edited',
    );
    await done('kubectl rollout status deploy/tke-eni-ipamd -n kube-system --timeout=60s');
    const after = (await done(names)).text.trim();
    expect(after).not.toBe(before);
    const args = `kubectl get ${after} -n kube-system -o jsonpath='{.spec.containers[0].args}'`;
    expect((await done(args)).text).toContain('"--enable-security-groups","--security-groups=sg-nodeweb1"');
  });

  it('an edit that changes nothing says so and restarts nothing', async () => {
    await done(`export KUBE_EDITOR=${await desk.editor('')}`);
    const { text } = await done('kubectl edit deploy tke-eni-ipamd -n kube-system');
    expect(text).toContain('Edit cancelled, no changes made.');
  });

  it('kubectl get nec shows the groups of the node, which its ENIs have', async () => {
    await state('Managed');
    const { text } = await done(`kubectl get nec ${node} -oyaml`);
    expect(text).toMatch(/^spec:\n(?: .*\n)*? {2}securityGroups:\n {2}- sg-nodeweb1$/m);
    eni = (await done(`kubectl get nec ${node} -ojsonpath='{.status.eniInfos[0].eniID}'`)).text.trim();
    expect(eni).toMatch(/^eni-/);
    await cloudShows('sg-nodeweb1');
  });

  it('the annotation yes takes every group away, and no binds them again', async () => {
    const annotate = (value: string): string =>
      `kubectl annotate node ${node} --overwrite tke.cloud.tencent.com/disable-node-eni-security-groups="${value}"`;
    expect((await done(annotate('yes'))).text).toContain(`node/${node} annotated`);
    await state('Disabled');
    await cloudShows('');
    await done(annotate('no'));
    await state('Managed');
    await cloudShows('sg-nodeweb1');
  });

  it('an edited nec holds at once', async () => {
    await done(`export KUBE_EDITOR=${await desk.editor('s/^  - sg-nodeweb1$/  - sg-nodeshut\\n&/')}`);
    expect((await done(`kubectl edit nec ${node}`)).text).toContain(
      `nodeeniconfig.networking.tke.cloud.tencent.com/${node} edited`,
    );
    await cloudShows('sg-nodeshut,sg-nodeweb1');
  });

  it('the log of ipamd tells the groups to the pipeline of document 003', async () => {
    const pipeline =
      'kubectl logs -n kube-system deploy/tke-eni-ipamd | grep "Event"|grep "security groups from"|' +
      "awk '{print $24}'|awk -F'[' '{print $2}'|awk -F']' '{print $1}'";
    const printed = (await done(pipeline)).text.split('\n').filter((line) => line !== '');
    expect(new Set(printed.flatMap((line) => line.split(',')))).toEqual(new Set(['sg-nodeweb1', 'sg-nodeshut']));
  });
});

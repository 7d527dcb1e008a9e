// The command line without a cluster: help, exit codes, errors of usage, error codes, completion.
import { describe, expect, it } from 'vitest';

import { runCli } from './program.ts';
import { fakeWorld, type FakeWorldOptions } from './testing/world.ts';

async function run(argv: readonly string[], options: FakeWorldOptions = {}) {
  const world = fakeWorld(options);
  const code = await runCli(world, argv);
  return { code, ...world.printed };
}

describe('trunkline', () => {
  it('shows commands and exit codes on --help, with exit code 0', async () => {
    const { code, out, err } = await run(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const word of ['trace', 'explain', 'plan', 'doctor', 'capacity', 'support', 'completion', 'Exit codes:'])
      expect(out).toContain(word);
  });

  it.each(['trace', 'explain', 'plan', 'doctor', 'capacity', 'support', 'completion'])(
    'shows examples on %s --help',
    async (command) => {
      const { code, out } = await run([command, '--help']);
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`Examples:\\n(.*\\n)*.*trunkline ${command} ?`));
    },
  );

  it.each([
    [['no-such-command'], /unknown command 'no-such-command'/],
    [['doctor', '--no-such-option'], /unknown option '--no-such-option'/],
    [['plan'], /required option '-f, --filename <file>' not specified/],
    [['plan', '-f', 'x', '--ports', '0'], /expected a comma list of ports/],
    [['explain', 'pod'], /missing required argument 'pod'/],
    [['capacity', '-o', 'xml'], /Allowed choices are text, json, yaml/],
    [['capacity', '--cloud-endpoint', 'nowhere'], /expected a base URL/],
    [['doctor', '--only', 'nothing'], /--only=nothing: expected some of installation, programs/],
  ])('refuses %j with exit code 2 and says why', async (argv, words) => {
    const { code, out, err } = await run(argv);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(words);
  });

  it('says which kubeconfig it looked for, with exit code 2', async () => {
    const { code, err } = await run(['capacity']);
    expect(code).toBe(2);
    expect(err).toContain('kubeconfig /home/me/.kube/config: cannot be read');
    expect(err).toContain('KUBE-CONFIG-INVALID');
  });

  it('ends with exit code 4 when the API server does not answer', async () => {
    const kubeconfig =
      'apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}]\nusers: [{name: a, user: {token: t}}]\n';
    const { code, err } = await run(['capacity', '--kubeconfig', '/k', '--no-cloud'], { files: { '/k': kubeconfig } });
    expect(code).toBe(4);
    expect(err).toMatch(/KUBE-CONNECTION-FAILED: Check the server address/);
  });
});

describe('explain CODE', () => {
  it('tells cause and cure of a code, whatever its case', async () => {
    const { code, out } = await run(['explain', 'cloud-subnet-dry']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^CLOUD-SUBNET-DRY: The subnet has no free address\n {2}Cause: .*\n {2}Cure: .*Add a container/,
    );
  });

  it('finds the code behind the reason of an Event', async () => {
    expect((await run(['explain', 'SubnetExhausted', '-o', 'json'])).out).toContain('"code": "CLOUD-SUBNET-DRY"');
  });

  it('lists every code without one', async () => {
    const { out } = await run(['explain']);
    for (const code of [
      'AGENT-NOT-YET',
      'CLOUD-QUOTA',
      'IPAMD-FOREIGN-INSTALL',
      'KUBE-CONFLICT',
      'MASQ-CONFIG-INVALID',
      'CLI-USAGE',
    ])
      expect(out).toContain(code);
  });

  it('names those that are near an unknown one, with exit code 2', async () => {
    const { code, err } = await run(['explain', 'SUBNET-EMPTY']);
    expect(code).toBe(2);
    expect(err).toMatch(/no error has the code SUBNET-EMPTY; near are .*CLOUD-SUBNET-DRY/);
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script for %s that asks the program', async (shell) => {
    const { code, out } = await run(['completion', shell]);
    expect(code).toBe(0);
    expect(out).toContain('trunkline __complete --');
  });

  const offered = async (...words: string[]): Promise<string[]> =>
    (await run(['__complete', '--', ...words])).out.split('\n').map((line) => line.split('\t')[0] ?? '');

  it('offers commands, options, accepted values and error codes', async () => {
    expect(await offered('ex')).toContain('explain');
    expect(await offered('explain', 's')).toContain('sgp');
    expect(await offered('explain', 'CLOUD-SUB')).toContain('CLOUD-SUBNET-DRY');
    expect(await offered('plan', '--po')).toContain('--ports');
    expect(await offered('plan', '-o', 'y')).toContain('yaml');
    expect(await offered('completion', 'b')).toContain('bash');
  });

  it('offers nothing, and does not fail, where names would be asked of a cluster that is not there', async () => {
    expect(await run(['__complete', '--', 'explain', 'pod', 'we'])).toMatchObject({ code: 0, out: '', err: '' });
  });

  it('does not show the hidden command', async () => {
    expect(await offered('')).not.toContain('__complete');
    expect((await run(['--help'])).out).not.toContain('__complete');
  });
});

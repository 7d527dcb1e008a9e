// Parity cases: what the server makes of the answers of webhooks, and of none.
import assert from 'node:assert/strict';
import { encodedPatch } from '../drivers/webhook.ts';
import type { ParityCase } from '../parity-case.ts';
import { allow, configure, configureWith, createConfigMap, webhookOf } from './webhook-configurations.ts';

const needs = ['local-webhooks'] as const;
const docs = 'docs: reference/access-authn-authz/extensible-admission-controllers';

export const webhookAnswerCases: readonly ParityCase[] = [
  {
    id: 'webhooks/denial-carries-status',
    title: 'A refusal answers with the code, reason and details of the webhook, its message introduced by its name',
    source: `${docs}, "Response"; apiserver/pkg/admission/plugin/webhook/errors/statuserror.go`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-review.ts',
      find: '    code < 400 ? 400 : code,',
      replace: '    400,',
    },
    run: async (t) => {
      const { hookName } = await configure(t, 'validating', () => ({
        allowed: false,
        status: {
          code: 403,
          reason: 'Forbidden',
          message: 'not on Fridays',
          details: {
            name: 'x',
            kind: 'things',
            causes: [{ reason: 'Because', message: 'of the day', field: 'spec.day' }],
          },
        },
      }));
      const { code, body } = await createConfigMap(t, 'refused');
      assert.equal(code, 403);
      assert.deepEqual(body, {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: `admission webhook "${hookName}" denied the request: not on Fridays`,
        reason: 'Forbidden',
        details: {
          name: 'x',
          kind: 'things',
          causes: [{ reason: 'Because', message: 'of the day', field: 'spec.day' }],
        },
        code: 403,
      });
    },
  },
  {
    id: 'webhooks/denial-without-explanation',
    title: 'A refusal without a status, or with a code below 400, is a 400 without a reason',
    source: 'apiserver/pkg/admission/plugin/webhook/errors/statuserror.go: ToStatusErr',
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-review.ts',
      find: '`${by} without explanation`',
      replace: 'by',
    },
    run: async (t) => {
      let status: object | undefined;
      const { hookName } = await configure(t, 'validating', () => ({
        allowed: false,
        ...(status === undefined ? {} : { status }),
      }));
      const bare = await createConfigMap(t, 'bare');
      assert.deepEqual(
        [bare.code, bare.body['message'], bare.body['reason'], bare.body['code']],
        [400, `admission webhook "${hookName}" denied the request without explanation`, undefined, 400],
      );
      status = { code: 200, reason: 'Sunday' };
      const odd = await createConfigMap(t, 'odd');
      assert.deepEqual(
        [odd.code, odd.body['message'], odd.body['reason']],
        [400, `admission webhook "${hookName}" denied the request: Sunday`, 'Sunday'],
      );
    },
  },
  {
    id: 'webhooks/refused-connection-fails-closed',
    title:
      'A webhook that cannot be reached fails the write with a 500 by default, and is passed over with failurePolicy Ignore',
    source: `${docs}, "Failure policy"`,
    needs,
    since: '1.22',
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-calls.ts',
      find: "if (webhook.failurePolicy === 'Ignore') return [];",
      replace: 'if (webhook.mutating) return [];',
    },
    run: async (t) => {
      const probe = await t.webhook(allow);
      const nobody = { url: 'https://127.0.0.1:1/', caBundle: probe.clientConfig.caBundle };
      const [closed, open] = [t.unique('closed'), t.unique('open')];
      await configureWith(t, 'validating', probe, closed, [
        webhookOf(t, `${closed}.parity.example.com`, nobody, { objectSelector: { matchLabels: { hook: 'closed' } } }),
      ]);
      await configureWith(t, 'validating', probe, open, [
        webhookOf(t, `${open}.parity.example.com`, nobody, { failurePolicy: 'Ignore' }),
      ]);
      const failed = await createConfigMap(t, 'failed', { metadata: { name: 'failed', labels: { hook: 'closed' } } });
      const why = `failed calling webhook "${closed}.parity.example.com": failed to call webhook: Post "https://127.0.0.1:1/?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused`;
      assert.equal(failed.code, 500);
      assert.equal(failed.body['message'], `Internal error occurred: ${why}`);
      assert.equal(failed.body['reason'], 'InternalError');
      assert.deepEqual(failed.body['details'], { causes: [{ message: why }] });
      assert.equal((await createConfigMap(t, 'passed')).code, 201);
    },
  },
  {
    id: 'webhooks/unreachable-fails-closed',
    title: 'A webhook that cannot be reached fails the write, or is passed over with failurePolicy Ignore',
    source: `${docs}, "Failure policy"`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-config.ts',
      find: "=== 'Ignore' ? 'Ignore' : 'Fail'",
      replace: "=== 'Ignore' ? 'Fail' : 'Ignore'",
    },
    run: async (t) => {
      const probe = await t.webhook(allow);
      const nobody = { url: 'https://127.0.0.1:1/', caBundle: probe.clientConfig.caBundle };
      const name = t.unique('both');
      const labelled = (policy: string): object => ({
        failurePolicy: policy,
        objectSelector: { matchLabels: { hook: policy } },
      });
      await configureWith(t, 'mutating', probe, name, [
        webhookOf(t, 'closed.parity.example.com', nobody, labelled('Fail')),
        webhookOf(t, 'open.parity.example.com', nobody, labelled('Ignore')),
      ]);
      const create = (policy: string): ReturnType<typeof createConfigMap> =>
        createConfigMap(t, policy.toLowerCase(), {
          metadata: { name: policy.toLowerCase(), labels: { hook: policy } },
        });
      const failed = await create('Fail');
      assert.deepEqual([failed.code, failed.body['reason']], [500, 'InternalError']);
      assert.match(
        failed.body['message'],
        /^Internal error occurred: failed calling webhook "closed\.parity\.example\.com": .*Post "https:\/\/127\.0\.0\.1:1\/\?timeout=10s": dial tcp 127\.0\.0\.1:1: connect: connection refused$/,
      );
      assert.equal((await create('Ignore')).code, 201);
    },
  },
  {
    id: 'webhooks/never-answering-times-out',
    title: 'A webhook that does not answer within timeoutSeconds has failed; the time-out is told it in the query',
    source: `${docs}, "Timeouts"`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-faults.ts',
      find: "if (signal.aborted) return 'context deadline exceeded';",
      replace: "if (signal.aborted) return 'aborted';",
    },
    run: async (t) => {
      const { hookName, lastPath } = await configure(t, 'validating', () => () => undefined, { timeoutSeconds: 1 });
      const { code, body } = await createConfigMap(t, 'late');
      assert.equal(code, 500);
      assert.equal(body['reason'], 'InternalError');
      assert.match(
        body['message'],
        new RegExp(
          `^Internal error occurred: failed calling webhook "${hookName}": .*Post "https://127\\.0\\.0\\.1:\\d+/\\?timeout=1s": context deadline exceeded$`,
        ),
      );
      assert.equal(lastPath(), '/?timeout=1s');
    },
  },
  {
    id: 'webhooks/other-than-200',
    title: 'An answer with another code than success is a failure that quotes what the code stands for',
    source: 'apimachinery/pkg/api/errors/errors.go: NewGenericServerResponse',
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-transport.ts',
      find: 'if (code < 200 || code > 206)',
      replace: 'if (code > 599)',
    },
    run: async (t) => {
      let [code, text] = [500, 'it broke'];
      const { hookName } = await configure(t, 'validating', () => (response) => {
        response.statusCode = code;
        response.end(text);
      });
      const answer = async (name: string): Promise<string> => (await createConfigMap(t, name)).body['message'];
      const failed = new RegExp(
        `^Internal error occurred: failed calling webhook "${hookName}": (failed to call webhook: )?(.*)$`,
      );
      const why = async (name: string): Promise<string> => failed.exec(await answer(name))?.[2] ?? '';
      assert.equal(await why('a'), 'an error on the server ("it broke") has prevented the request from succeeding');
      [code, text] = [404, 'nothing here'];
      assert.equal(await why('b'), 'the server could not find the requested resource');
      [code, text] = [503, ''];
      assert.equal(await why('c'), 'the server is currently unable to handle the request');
      [code, text] = [418, 'short and stout'];
      assert.equal(await why('d'), 'the server responded with the status code 418 but did not return more information');
    },
  },
  {
    id: 'webhooks/garbage-answers',
    title: 'Answers that are no AdmissionReview of the question are failures that say what is wrong',
    source: 'apiserver/pkg/admission/plugin/webhook/request/admissionreview.go: VerifyAdmissionResponse',
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-response.ts',
      find: 'if (given.uid !== uid)',
      replace: "if (given.uid === 'other')",
    },
    run: async (t) => {
      let answer: string | ((uid: string) => object) = '';
      const { hookName, requests } = await configure(t, 'validating', (request) => (response) => {
        response.setHeader('content-type', 'application/json');
        response.end(typeof answer === 'string' ? answer : JSON.stringify(answer(request['uid'])));
      });
      const failed = new RegExp(
        `^Internal error occurred: failed calling webhook "${hookName}": (?:failed to call webhook: |received invalid webhook response: )?(.*)$`,
      );
      const why = async (given: typeof answer): Promise<string> => {
        answer = given;
        const { code, body } = await createConfigMap(t, 'garbage');
        assert.equal(code, 500);
        return failed.exec(body['message'])?.[1] ?? body['message'];
      };
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
      assert.equal(
        await why('<html>no JSON'),
        `couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
      );
      assert.equal(await why('{"kind"'), "couldn't get version/kind; json parse error: unexpected end of JSON input");
      assert.equal(await why('{}'), 'webhook response was absent');
      assert.equal(
        await why(() => ({ ...review, response: { uid: 'else', allowed: true } })),
        `expected response.uid="${requests().at(-1)?.['uid']}", got "else"`,
      );
      assert.equal(
        await why((uid) => ({ response: { uid, allowed: true } })),
        'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=',
      );
      assert.equal(
        await why((uid) => ({ ...review, response: { uid, allowed: true, ...encodedPatch([]) } })),
        'validating webhook may not return response.patch',
      );
    },
  },
  {
    id: 'webhooks/patches-that-do-not-fit',
    title:
      'A patch that does not fit fails the write whatever the failure policy; one that cannot be read does so as a failure',
    source: 'apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go: callAttrMutatingHook',
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-patch.ts',
      find: 'throw internalError(',
      replace: 'return object; throw internalError(',
    },
    run: async (t) => {
      let answer: object = {};
      await configure(t, 'mutating', () => ({ allowed: true, ...answer }), { failurePolicy: 'Ignore' });
      answer = encodedPatch([{ op: 'replace', path: '/data/a/b', value: 'x' }]);
      const misfit = await createConfigMap(t, 'misfit', { data: { a: 'b' } });
      assert.deepEqual([misfit.code, misfit.body['reason']], [500, 'InternalError']);
      assert.match(misfit.body['message'], /^Internal error occurred: .*\/data\/a\/b/);
      answer = { patchType: 'JSONPatch', patch: Buffer.from('{"op":').toString('base64') };
      assert.equal(
        (await createConfigMap(t, 'unreadable')).code,
        t.server.version.gitVersion.startsWith('v1.20.') ? 500 : 201,
      );
      answer = { patch: Buffer.from('[]').toString('base64') };
      assert.equal((await createConfigMap(t, 'untyped')).code, 201);
    },
  },
  {
    id: 'webhooks/redirects-are-followed',
    title: 'A redirect that keeps the method is followed with the review',
    source: 'client-go/rest: the transport is net/http with its default redirect policy',
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-transport.ts',
      find: 'const keepsMethod = code === 307 || code === 308;',
      replace: 'const keepsMethod = code === 309;',
    },
    run: async (t) => {
      const seen: string[] = [];
      await configure(t, 'validating', (request) => (response, incoming) => {
        seen.push(incoming.url ?? '');
        if (incoming.url === '/elsewhere') {
          response.setHeader('content-type', 'application/json');
          response.end(
            JSON.stringify({
              apiVersion: 'admission.k8s.io/v1',
              kind: 'AdmissionReview',
              response: { uid: request['uid'], allowed: true },
            }),
          );
          return;
        }
        response.statusCode = 307;
        response.setHeader('location', '/elsewhere');
        response.end();
      });
      assert.equal((await createConfigMap(t, 'moved')).code, 201);
      assert.deepEqual(seen, ['/?timeout=10s', '/elsewhere']);
    },
  },
  {
    id: 'webhooks/warnings-are-forwarded',
    title: 'Warnings of webhooks arrive as Warning headers, also with a refusal',
    source: `${docs}, "Response" (warnings)`,
    needs,
    mutation: {
      file: 'lab/kube/apiserver/admission/webhook-calls.ts',
      find: 'for (const warning of response.warnings) view.request.scope.warn(warning);',
      replace: '',
    },
    run: async (t) => {
      let allowed = true;
      await configure(t, 'mutating', () => ({ allowed, warnings: ['mind the "gap"', 'and the step'] }));
      const header = '299 - "mind the \\"gap\\"", 299 - "and the step"';
      const passed = await createConfigMap(t, 'warned');
      assert.deepEqual([passed.code, passed.headers['warning']], [201, header]);
      allowed = false;
      const refused = await createConfigMap(t, 'warned-too');
      assert.deepEqual([refused.code, refused.headers['warning']], [400, header]);
    },
  },
];

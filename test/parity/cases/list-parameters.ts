// Listing: parameters that a server refuses, and versions of the future.
import assert from 'node:assert/strict';
import type { ParityContext } from '../context.ts';
import type { ParityCase } from '../parity-case.ts';

const OPTIONS = 'lab/kube/apiserver/operations/list-options.ts';
const READ = 'lab/kube/apiserver/operations/read.ts';
const TOKEN = 'lab/kube/apiserver/operations/continue-token.ts';
const FUTURE = '4000000000000';

async function refused(t: ParityContext, query: string): Promise<readonly [number, string | undefined, string]> {
  const { code, body } = await t.http.get(`${t.core}/configmaps?${query}`);
  assert.equal(body['kind'], 'Status');
  return [code, body['reason'], body['message']];
}

const token = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString('base64url');

export const listParameterCases: readonly ParityCase[] = [
  {
    id: 'list/match-rules',
    title:
      'resourceVersionMatch is refused without a version, with a token, with an unknown word, and Exact with version 0',
    source: 'kubernetes: staging/src/k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go',
    mutation: {
      file: OPTIONS,
      find: "match === 'Exact' && resourceVersion === '0'",
      replace: "match === 'Exact' && resourceVersion === '1'",
    },
    run: async (t) => {
      const rules: readonly (readonly [string, string])[] = [
        [
          'resourceVersionMatch=Exact',
          'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
        ],
        [
          'resourceVersionMatch=NotOlderThan&resourceVersion=1&continue=x',
          'Forbidden: resourceVersionMatch is forbidden when continue is provided',
        ],
        [
          'resourceVersionMatch=Newest&resourceVersion=1',
          'Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""',
        ],
        [
          'resourceVersionMatch=Exact&resourceVersion=0',
          'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ],
      ];
      for (const [query, message] of rules) {
        const { code, body } = await t.http.get(`${t.core}/configmaps?${query}`);
        assert.equal(code, 422, query);
        assert.equal(body['message'], `ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: ${message}`);
        assert.equal(body['details'].group, 'meta.k8s.io');
        assert.equal(body['details'].kind, 'ListOptions');
        assert.equal(body['details'].causes.length, 1);
        assert.equal(body['details'].causes[0].field, 'resourceVersionMatch');
        assert.equal(body['details'].causes[0].message, message);
      }
    },
  },
  {
    id: 'list/numbers-that-are-none',
    title: 'limit and timeoutSeconds must be whole numbers of 64 bits; a negative limit means none',
    source: 'kubernetes: staging/src/k8s.io/apimachinery/pkg/runtime/conversion.go',
    mutation: { file: OPTIONS, find: "const limit = wholeNumber(query, 'limit');", replace: 'const limit = 0;' },
    run: async (t) => {
      const parsing = (text: string, why: string): unknown => [
        400,
        'BadRequest',
        `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`,
      ];
      assert.deepEqual(await refused(t, 'limit=ten'), parsing('ten', 'invalid syntax'));
      assert.deepEqual(await refused(t, 'limit='), parsing('', 'invalid syntax'));
      assert.deepEqual(await refused(t, 'timeoutSeconds=1.5'), parsing('1.5', 'invalid syntax'));
      assert.deepEqual(
        await refused(t, 'limit=99999999999999999999'),
        parsing('99999999999999999999', 'value out of range'),
      );
      await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name: 'a' } });
      assert.ok((await t.http.ok('GET', `${t.core}/configmaps?limit=-1`))['items'].length > 0);
    },
  },
  {
    id: 'list/version-that-is-none',
    until: '1.36',
    title:
      'A resourceVersion that is no number is a 500 without a reason from the cache, and a 400 with a limit from the database',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/etcd3 (versioner.go, store.go) and cacher/cacher.go',
    mutation: { file: OPTIONS, find: "throw new StatusError(500, '', fault)", replace: 'throw badRequest(fault)' },
    run: async (t) => {
      const fault = 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax';
      assert.deepEqual(await refused(t, 'resourceVersion=abc'), [500, undefined, fault]);
      assert.deepEqual(await refused(t, 'resourceVersion=abc&limit=1'), [
        400,
        'BadRequest',
        `invalid resource version: ${fault}`,
      ]);
      const one = await t.http.get(`${t.core}/configmaps/a?resourceVersion=-1`);
      assert.equal(one.code, 500);
      assert.match(one.body['message'], /^resourceVersion: Invalid value: "-1": strconv\.ParseUint/);
    },
  },
  {
    id: 'list/version-of-the-future',
    title: 'A list that must not be older than what has not happened yet is a 504 that says when to try again',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/errors.go, NewTooLargeResourceVersionError',
    mutation: {
      file: READ,
      find: "causes: [{ reason: 'ResourceVersionTooLarge'",
      replace: "causes: [{ reason: 'TooLarge'",
    },
    run: async (t) => {
      for (const path of [`${t.core}/configmaps`, `${t.core}/configmaps/none`]) {
        const { code, body, headers } = await t.http.get(`${path}?resourceVersion=${FUTURE}`);
        assert.equal(code, 504);
        assert.equal(body['reason'], 'Timeout');
        assert.match(body['message'], new RegExp(`^Timeout: Too large resource version: ${FUTURE}, current: \\d+$`));
        assert.deepEqual(body['details'], {
          causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
          retryAfterSeconds: 1,
        });
        assert.equal(headers['retry-after'], '1');
      }
    },
  },
  {
    id: 'list/exact-version-of-the-future',
    title: 'Exactly a version that has not happened yet is a 500 in the words of the database',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go; etcd: mvcc ErrFutureRev',
    mutation: { file: READ, find: 'if (asked > current) throw futureOfStore();', replace: '' },
    // Releases that turn it into the 504 of a version that is too large.
    until: '1.33',
    run: async (t) => {
      const message = 'etcdserver: mvcc: required revision is a future revision';
      assert.deepEqual(await refused(t, `resourceVersion=${FUTURE}&resourceVersionMatch=Exact`), [
        500,
        undefined,
        message,
      ]);
      assert.deepEqual(await refused(t, `resourceVersion=${FUTURE}&limit=1`), [500, undefined, message]);
    },
  },
  {
    id: 'list/tokens-that-are-none',
    title: 'A continue token is refused with what is wrong about it',
    source: 'kubernetes: staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go, decodeContinue',
    mutation: { file: TOKEN, find: 'if (posix.normalize(key) !== key', replace: 'if (key === undefined' },
    run: async (t) => {
      const v = 'meta.k8s.io/v1';
      const invalid = (why: string): unknown => [
        400,
        'BadRequest',
        `invalid continue token: continue key is not valid: ${why}`,
      ];
      const asked = (text: string): ReturnType<typeof refused> => refused(t, `limit=1&continue=${text}`);
      assert.deepEqual(await asked('@@'), invalid('illegal base64 data at input byte 0'));
      assert.deepEqual(await asked('abc'), invalid("invalid character 'i' looking for beginning of value"));
      assert.deepEqual(
        await asked(token({ v, rv: 0, start: 'a' })),
        invalid(`incorrect encoded start resourceVersion (version ${v})`),
      );
      assert.deepEqual(await asked(token({ v, rv: 5, start: '' })), invalid(`encoded start key empty (version ${v})`));
      assert.deepEqual(await asked(token({ v, rv: 5, start: '../secrets' })), invalid('../secrets'));
    },
  },
  {
    id: 'list/token-with-a-version',
    title: 'A continue token brings its own version: another one beside it is refused, 0 is not',
    source: 'docs: reference/using-api/api-concepts, "continue" and resourceVersion',
    mutation: { file: READ, find: "if (resourceVersion !== '' && resourceVersion !== '0')", replace: 'if (false)' },
    run: async (t) => {
      for (const name of ['a', 'b']) await t.http.ok('POST', `${t.core}/configmaps`, { metadata: { name } });
      const { metadata } = await t.http.ok('GET', `${t.core}/configmaps?limit=1`);
      assert.deepEqual(await refused(t, `continue=${metadata.continue}&resourceVersion=5`), [
        400,
        'BadRequest',
        'specifying resource version is not allowed when using continue',
      ]);
      const zero = await t.http.ok(
        'GET',
        `${t.core}/configmaps?continue=${metadata.continue}&resourceVersion=0&limit=1`,
      );
      assert.equal(zero['items'][0].metadata.name, 'b');
    },
  },
  {
    id: 'list/no-initial-events',
    title: 'sendInitialEvents is refused for a list',
    source: 'kubernetes: staging/src/k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go',
    mutation: {
      file: OPTIONS,
      find: "'sendInitialEvents is forbidden for list'",
      replace: "'sendInitialEvents is of no use for list'",
    },
    since: '1.27',
    run: async (t) => {
      assert.deepEqual(await refused(t, 'sendInitialEvents=false'), [
        422,
        'Invalid',
        'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
      ]);
    },
  },
];

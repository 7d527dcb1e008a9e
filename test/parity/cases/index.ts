// The complete list of parity cases.
import type { ParityCase } from '../parity-case.ts';
import { admissionPoliciesCases } from './admission-policies.ts';
import { applyCases } from './apply.ts';
import { applyConflictsCases } from './apply-conflicts.ts';
import { authenticationCases } from './authentication.ts';
import { celCases } from './cel.ts';
import { crdDefaultingCases } from './crd-defaulting.ts';
import { crdPruningCases } from './crd-pruning.ts';
import { crdVersionsCases } from './crd-versions.ts';
import { deletionCases } from './deletion.ts';
import { discoveryCases } from './discovery.ts';
import { documentsCases } from './documents.ts';
import { errorsCases } from './errors.ts';
import { garbageCollectionCases } from './garbage-collection.ts';
import { httpCases } from './http.ts';
import { javascriptClientCases } from './javascript-client.ts';
import { jsonPatchCases } from './json-patch.ts';
import { kindsCases } from './kinds.ts';
import { kubectlCases } from './kubectl.ts';
import { listCases } from './list.ts';
import { mergePatchCases } from './merge-patch.ts';
import { rbacCases } from './rbac.ts';
import { strategicPatchCases } from './strategic-patch.ts';
import { subresourcesCases } from './subresources.ts';
import { tablesCases } from './tables.ts';
import { watchCases } from './watch.ts';
import { webhooksCases } from './webhooks.ts';

export const parityCases: readonly ParityCase[] = [
  ...watchCases,
  ...listCases,
  ...jsonPatchCases,
  ...mergePatchCases,
  ...strategicPatchCases,
  ...applyCases,
  ...applyConflictsCases,
  ...crdPruningCases,
  ...crdDefaultingCases,
  ...crdVersionsCases,
  ...celCases,
  ...webhooksCases,
  ...admissionPoliciesCases,
  ...garbageCollectionCases,
  ...deletionCases,
  ...rbacCases,
  ...authenticationCases,
  ...tablesCases,
  ...errorsCases,
  ...httpCases,
  ...discoveryCases,
  ...kindsCases,
  ...subresourcesCases,
  ...documentsCases,
  ...kubectlCases,
  ...javascriptClientCases,
];

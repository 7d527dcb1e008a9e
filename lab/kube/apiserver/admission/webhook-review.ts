// AdmissionReview requests, and refusals and failures in Kubernetes' words.
import { userInfo } from '../http/reviews.ts';
import type { ApiObject, JsonObject } from '../json.ts';
import { numberAt, stringAt } from '../json.ts';
import { apiVersionOf } from '../registry/definition.ts';
import { internalError, StatusError } from '../status.ts';
import type { AdmissionRequest } from './admission.ts';

/** The AdmissionReview (v1) that a webhook is sent. */
export function reviewBody(uid: string, request: AdmissionRequest, object: ApiObject | undefined): JsonObject {
  const { scope, operation, old, dryRun } = request;
  const { group, version, kind, plural } = scope.definition;
  const gvk = { group, version, kind };
  const gvr = { group, version, resource: plural };
  const optionsKind = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' }[operation];
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: gvk,
      resource: gvr,
      ...(scope.subresource === undefined
        ? {}
        : { subResource: scope.subresource, requestSubResource: scope.subresource }),
      requestKind: gvk,
      requestResource: gvr,
      name: scope.name,
      ...(scope.namespace === undefined ? {} : { namespace: scope.namespace }),
      operation,
      userInfo: userInfo(scope.user),
      object: object === undefined ? null : withIdentity(object, request),
      oldObject: old === undefined ? null : withIdentity(old, request),
      dryRun,
      options: { kind: optionsKind, apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

function withIdentity(object: ApiObject, { scope }: AdmissionRequest): JsonObject {
  return { ...object, apiVersion: apiVersionOf(scope.definition), kind: scope.definition.kind };
}

/** The refusal of a webhook: its own message and code, introduced by its name. */
export function deniedError(name: string, status: JsonObject): StatusError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`;
  const message = stringAt(status, 'message') || stringAt(status, 'reason') || '';
  const code = numberAt(status, 'code') ?? 0;
  return new StatusError(
    code < 400 ? 400 : code,
    stringAt(status, 'reason') ?? '',
    message === '' ? `${by} without explanation` : `${by}: ${message}`,
  );
}

/** A webhook that could not be asked, with failurePolicy Fail. */
export function failedError(name: string, why: string): StatusError {
  return internalError(`failed calling webhook ${JSON.stringify(name)}: ${why}`);
}

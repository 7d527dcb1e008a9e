// An admission webhook on loopback that answers as a case tells it, and remembers what it was asked.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServingCertificates } from '../../../lab/kube/apiserver/access/certificates.ts';
import type { Answer } from './http.ts';

/** What to answer: the AdmissionReview's `response` (uid is filled in), or a function that writes the HTTP answer itself. */
export type WebhookAnswer = (
  request: Answer['body'],
) => Answer['body'] | ((response: ServerResponse, incoming: IncomingMessage) => void);

export interface TestWebhook {
  /** For `clientConfig`: `{ url, caBundle }`. `url` ends in `/`. */
  readonly clientConfig: { readonly url: string; readonly caBundle: string };
  /** The AdmissionReviews' requests, in order. */
  readonly requests: readonly Answer['body'][];
  /** The paths (with query) they came on. */
  readonly paths: readonly string[];
  close(): Promise<void>;
}

/** The JSON patch of an answer, encoded. */
export const encodedPatch = (operations: unknown): { readonly patchType: 'JSONPatch'; readonly patch: string } => ({
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

export async function startTestWebhook(answer: WebhookAnswer): Promise<TestWebhook> {
  const certificates = await createServingCertificates(new Date(), ['127.0.0.1', 'localhost']);
  const requests: Answer['body'][] = [];
  const paths: string[] = [];
  const server = createServer({ key: certificates.keyPem, cert: certificates.certPem }, (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer['body'];
      const request = review['request'] as Answer['body'];
      requests.push(request);
      paths.push(incoming.url ?? '');
      const given = answer(request);
      if (typeof given === 'function') {
        given(response, incoming);
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          apiVersion: review['apiVersion'] as string,
          kind: 'AdmissionReview',
          response: { uid: request['uid'] as string, ...given },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(certificates.caPem).toString('base64') },
    requests,
    paths,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

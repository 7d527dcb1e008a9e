// The process that the webhook is compared with: the same HTTPS server, which parses the body and answers its uid.
import type { AddressInfo } from 'node:net';
import { createServingCertificates } from '../lab/kube/apiserver/access/certificates.ts';
import { allow, reviewAnswer } from '../src/webhook/admission-review.ts';
import { createJsonServer } from '../src/webhook/json-server.ts';
import { webhookPaths } from '../src/webhook/server.ts';
import type { Endpoint } from './kube-api-connection.ts';

const { caPem, certPem, keyPem } = await createServingCertificates(new Date(), ['127.0.0.1']);
const server = createJsonServer({
  certificate: { cert: certPem, key: keyPem },
  routes: new Map([
    [
      `POST ${webhookPaths.mutatePod}`,
      ({ body }) => {
        const { uid } = (body as { readonly request: { readonly uid: string } }).request;
        return { status: 200, json: reviewAnswer(uid, allow()) };
      },
    ],
  ]),
  bodyLimit: 8 * 1024 * 1024,
  onError: () => process.exit(1),
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
process.on('disconnect', () => process.exit(0));
const endpoint: Endpoint = { port: (server.address() as AddressInfo).port, caPem, token: 'none' };
process.send?.(endpoint);

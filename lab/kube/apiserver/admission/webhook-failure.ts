// The one error of everything that can go wrong between the server and a webhook.

/** The webhook could not be asked, or gave no usable answer. The message follows `failed calling webhook "x": `. */
export class WebhookFailure extends Error {}

// Where a Kubernetes API server is and how we prove who we are.

/** How calls are authenticated; both may be present, as in a kubeconfig. */
export interface KubeAuth {
  readonly clientCertificate?: { readonly certPem: string; readonly keyPem: string };
  /**
   * Reads the current bearer token, without surrounding white space. Called again after at most a minute and after a 401, so a rotated
   * token file is picked up without a restart.
   */
  readonly readToken?: () => Promise<string>;
}

/** Everything `createKubeClient` needs to reach one API server. */
export interface KubeConnection {
  /** `https://host:port` or `http://host:port`, with a path prefix where a gateway needs one; no trailing slash. */
  readonly server: string;
  /** Certificate authority; absent: the runtime's own list. */
  readonly caPem?: string;
  /** Only as a kubeconfig says so (`insecure-skip-tls-verify`). */
  readonly skipTlsVerify?: boolean;
  /** Name expected in the server's certificate when it is not the host (`tls-server-name`). */
  readonly tlsServerName?: string;
  /** The context's namespace, or the ServiceAccount's own. */
  readonly namespace?: string;
  readonly auth: KubeAuth;
}

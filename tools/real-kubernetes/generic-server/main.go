// Serves the Kubernetes API machinery libraries over etcd: CustomResourceDefinitions and their resources, and a few
// built-in kinds around them, with the real admission plugins. It is what a newer kube-apiserver is made of, without its kinds.
package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/spf13/pflag"
	noop "go.opentelemetry.io/otel/trace/noop"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	crdv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdapiserver "k8s.io/apiextensions-apiserver/pkg/apiserver"
	crdoptions "k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	webhookinitializer "k8s.io/apiserver/pkg/admission/plugin/webhook/initializer"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/group"
	bearertoken "k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/token/tokenfile"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	apiopenapi "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/util/compatibility"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	basecompatibility "k8s.io/component-base/compatibility"
	"trunkline/openapi"
)

// What the command line gives; every file is PEM, `tokens` is kube-apiserver's token file.
type settings struct {
	etcd, certificate, key, clientCA, tokens string
	port                                     int
}

func main() {
	var s settings
	pflag.StringVar(&s.etcd, "etcd-servers", "", "etcd's client URL")
	pflag.IntVar(&s.port, "secure-port", 6443, "port on 127.0.0.1")
	pflag.StringVar(&s.certificate, "tls-cert-file", "", "serving certificate")
	pflag.StringVar(&s.key, "tls-private-key-file", "", "its key")
	pflag.StringVar(&s.clientCA, "client-ca-file", "", "authority of client certificates")
	pflag.StringVar(&s.tokens, "token-auth-file", "", "tokens, as kube-apiserver reads them")
	// Adds --emulated-version and --feature-gates.
	versions := compatibility.DefaultComponentGlobalsRegistry
	versions.AddFlags(pflag.CommandLine)
	pflag.Parse()
	if err := versions.Set(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if errs := versions.Validate(); len(errs) > 0 {
		fmt.Fprintln(os.Stderr, errs)
		os.Exit(2)
	}
	if err := run(genericapiserver.SetupSignalContext(), s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	config, kinds, err := configure(s)
	if err != nil {
		return err
	}
	admission, err := configureAdmission(config)
	if err != nil {
		return err
	}
	etcd := etcdOptions(s, crdapiserver.Codecs.LegacyCodec(crdv1.SchemeGroupVersion))
	resolve := webhook.NewDefaultAuthenticationInfoResolverWrapper(nil, nil, config.LoopbackClientConfig, noop.NewTracerProvider())
	extensions := crdapiserver.Config{
		GenericConfig: config,
		ExtraConfig: crdapiserver.ExtraConfig{
			CRDRESTOptionsGetter: crdoptions.NewCRDRESTOptionsGetter(*etcd, nil, nil),
			MasterCount:          1,
			ServiceResolver:      webhook.NewDefaultServiceResolver(),
			AuthResolverWrapper:  resolve,
		},
	}
	server, err := extensions.Complete().New(genericapiserver.NewEmptyDelegate())
	if err != nil {
		return err
	}
	generic := server.GenericAPIServer
	if err := kinds.install(generic); err != nil {
		return err
	}
	serveGroups(server)
	generic.AddPostStartHookOrDie("start-admission-informers", func(hook genericapiserver.PostStartHookContext) error {
		admission.Start(hook.Done())
		return nil
	})
	generic.AddPostStartHookOrDie("system-namespaces", createSystemNamespaces)
	return generic.PrepareRun().RunWithContext(ctx)
}

// The generic server's configuration: serving, storage, who may call (members of system:masters may do everything, nobody else anything).
func configure(s settings) (*genericapiserver.RecommendedConfig, *builtinKinds, error) {
	config := genericapiserver.NewRecommendedConfig(crdapiserver.Codecs)
	config.EffectiveVersion = compatibility.DefaultComponentGlobalsRegistry.EffectiveVersionFor(basecompatibility.DefaultKubeComponent)
	config.MergedResourceConfig = crdapiserver.DefaultAPIResourceConfigSource()

	serving := genericoptions.NewSecureServingOptions()
	serving.BindAddress = net.IPv4(127, 0, 0, 1)
	serving.BindPort = s.port
	serving.ServerCert.CertKey = genericoptions.CertKey{CertFile: s.certificate, KeyFile: s.key}
	if err := serving.WithLoopback().ApplyToConfig(&config.Config); err != nil {
		return nil, nil, err
	}
	config.PublicAddress = serving.BindAddress
	if err := configureAccess(config, s); err != nil {
		return nil, nil, err
	}
	etcd := etcdOptions(s, crdapiserver.Codecs.LegacyCodec(crdv1.SchemeGroupVersion))
	if err := etcd.ApplyTo(&config.Config); err != nil {
		return nil, nil, err
	}
	kinds := newBuiltinKinds()
	storage := etcdOptions(s, kinds.codecs.LegacyCodec(corev1.SchemeGroupVersion, admissionregistrationv1.SchemeGroupVersion))
	kinds.storage = storage.CreateRESTOptionsGetter(&genericoptions.SimpleStorageFactory{StorageConfig: storage.StorageConfig}, nil)

	namer := apiopenapi.NewDefinitionNamer(crdapiserver.Scheme, kinds.scheme)
	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, namer)
	return config, kinds, nil
}

func configureAccess(config *genericapiserver.RecommendedConfig, s settings) error {
	authority, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca", s.clientCA)
	if err != nil {
		return err
	}
	config.SecureServing.ClientCA = authority
	certificates, _, err := authenticatorfactory.DelegatingAuthenticatorConfig{ClientCertificateCAContentProvider: authority}.New()
	if err != nil {
		return err
	}
	tokens, err := tokenfile.NewCSV(s.tokens)
	if err != nil {
		return err
	}
	config.Authentication.Authenticator = union.New(certificates, group.NewAuthenticatedGroupAdder(bearertoken.New(tokens)))
	config.Authorization.Authorizer = authorizerfactory.NewPrivilegedGroups("system:masters")
	// The plugins keep the authorizer and the clients they are made with: the loopback identity must be known by then.
	genericapiserver.AuthorizeClientBearerToken(config.LoopbackClientConfig, &config.Authentication, &config.Authorization)
	return nil
}

func etcdOptions(s settings, codec codec) *genericoptions.EtcdOptions {
	backend := storagebackend.NewDefaultConfig("/registry", codec)
	backend.Transport.ServerList = []string{s.etcd}
	return genericoptions.NewEtcdOptions(backend)
}

// The plugins that every kube-apiserver takes from these libraries; mutating policies, which came later, stay off.
func configureAdmission(config *genericapiserver.RecommendedConfig) (informers.SharedInformerFactory, error) {
	client, err := kubernetes.NewForConfig(config.LoopbackClientConfig)
	if err != nil {
		return nil, err
	}
	dynamicClient, err := dynamic.NewForConfig(config.LoopbackClientConfig)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	config.SharedInformerFactory = factory
	resolve := webhook.NewDefaultAuthenticationInfoResolverWrapper(nil, nil, config.LoopbackClientConfig, noop.NewTracerProvider())
	options := genericoptions.NewAdmissionOptions()
	options.DisablePlugins = []string{"MutatingAdmissionPolicy"}
	err = options.ApplyTo(&config.Config, factory, client, dynamicClient, utilfeature.DefaultFeatureGate, config.EffectiveVersion,
		webhookinitializer.NewPluginInitializer(resolve, webhook.NewDefaultServiceResolver()))
	return factory, err
}

// The built-in kinds: external types on plain registry stores, with the little that the real registries add for these kinds.
package main

import (
	"context"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericregistry "k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/client-go/kubernetes"
)

type codec = runtime.Codec

type kind struct {
	group      schema.GroupVersion
	plural     string
	singular   string
	short      []string
	namespaced bool
	object     func() runtime.Object
	list       func() runtime.Object
	validName  apivalidation.ValidateNameFunc
	prepare    func(runtime.Object)
	// A DELETE is answered with the object, not with a Status.
	answersWithObject bool
}

type builtinKinds struct {
	scheme  *runtime.Scheme
	codecs  serializer.CodecFactory
	storage genericregistry.RESTOptionsGetter
	kinds   []kind
}

// One Go type is both the served version and the version that handlers work in: nothing is converted.
func newBuiltinKinds() *builtinKinds {
	scheme := runtime.NewScheme()
	utilruntime.Must(corev1.AddToScheme(scheme))
	utilruntime.Must(admissionregistrationv1.AddToScheme(scheme))
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	kinds := servedKinds()
	for _, k := range kinds {
		scheme.AddKnownTypes(schema.GroupVersion{Group: k.group.Group, Version: runtime.APIVersionInternal}, k.object(), k.list())
	}
	addDefaults(scheme)
	utilruntime.Must(scheme.SetVersionPriority(corev1.SchemeGroupVersion))
	utilruntime.Must(scheme.SetVersionPriority(admissionregistrationv1.SchemeGroupVersion))
	return &builtinKinds{scheme: scheme, codecs: serializer.NewCodecFactory(scheme), kinds: kinds}
}

func (b *builtinKinds) install(server *genericapiserver.GenericAPIServer) error {
	for _, group := range []schema.GroupVersion{corev1.SchemeGroupVersion, admissionregistrationv1.SchemeGroupVersion} {
		info := genericapiserver.NewDefaultAPIGroupInfo(group.Group, b.scheme, runtime.NewParameterCodec(b.scheme), b.codecs)
		stores := map[string]rest.Storage{}
		for _, k := range b.kinds {
			if k.group != group {
				continue
			}
			store, err := b.store(k)
			if err != nil {
				return err
			}
			stores[k.plural] = store
		}
		info.VersionedResourcesStorageMap[group.Version] = stores
		var err error
		if group.Group == "" {
			err = server.InstallLegacyAPIGroup(genericapiserver.DefaultLegacyAPIPrefix, &info)
		} else {
			err = server.InstallAPIGroup(&info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type namedStore struct {
	*registry.Store
	short []string
}

func (s namedStore) ShortNames() []string { return s.short }

// Everything but deletion by collection, which Namespaces do not have.
type oneByOne struct {
	rest.StandardStorage
	named namedStore
}

func (s oneByOne) NamespaceScoped() bool { return false }

// Hides the embedded one: its shape is not that of the interface.
func (s oneByOne) DeleteCollection()       {}
func (s oneByOne) ShortNames() []string    { return s.named.short }
func (s oneByOne) GetSingularName() string { return s.named.GetSingularName() }

func (b *builtinKinds) store(k kind) (rest.Storage, error) {
	strategy := strategy{b.scheme, names.SimpleNameGenerator, k}
	resource := k.group.WithResource(k.plural).GroupResource()
	store := &registry.Store{
		NewFunc:                   k.object,
		NewListFunc:               k.list,
		DefaultQualifiedResource:  resource,
		SingularQualifiedResource: k.group.WithResource(k.singular).GroupResource(),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		TableConvertor:            rest.NewDefaultTableConvertor(resource),
	}
	store.ReturnDeletedObject = k.answersWithObject
	if err := store.CompleteWithOptions(&genericregistry.StoreOptions{RESTOptions: b.storage}); err != nil {
		return nil, err
	}
	if k.plural == "namespaces" {
		return oneByOne{store, namedStore{store, k.short}}, nil
	}
	return namedStore{store, k.short}, nil
}

type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	kind kind
}

func (s strategy) NamespaceScoped() bool          { return s.kind.namespaced }
func (s strategy) AllowCreateOnUpdate() bool      { return false }
func (s strategy) AllowUnconditionalUpdate() bool { return true }
func (s strategy) Canonicalize(runtime.Object)    {}

func (s strategy) PrepareForCreate(_ context.Context, object runtime.Object) {
	if meta, ok := object.(metav1.Object); ok {
		meta.SetGeneration(0)
	}
	if s.kind.prepare != nil {
		s.kind.prepare(object)
	}
}

func (s strategy) PrepareForUpdate(ctx context.Context, object, _ runtime.Object) {
	if s.kind.prepare != nil {
		s.kind.prepare(object)
	}
}

func (s strategy) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	meta := object.(metav1.Object)
	return apivalidation.ValidateObjectMetaAccessor(meta, s.kind.namespaced, s.kind.validName, field.NewPath("metadata"))
}

func (s strategy) ValidateUpdate(_ context.Context, object, old runtime.Object) field.ErrorList {
	return apivalidation.ValidateObjectMetaAccessorUpdate(object.(metav1.Object), old.(metav1.Object), field.NewPath("metadata"))
}

func (s strategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }
func (s strategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

func createSystemNamespaces(hook genericapiserver.PostStartHookContext) error {
	client, err := kubernetes.NewForConfig(hook.LoopbackClientConfig)
	if err != nil {
		return err
	}
	for _, name := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
		_, err := client.CoreV1().Namespaces().Create(hook, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		if err != nil && !errors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

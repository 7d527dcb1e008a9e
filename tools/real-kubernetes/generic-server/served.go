// Which built-in kinds are served, and what the API fills in for them.
package main

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func servedKinds() []kind {
	core := corev1.SchemeGroupVersion
	admission := admissionregistrationv1.SchemeGroupVersion
	subdomain := apivalidation.NameIsDNSSubdomain
	return []kind{
		{core, "namespaces", "namespace", []string{"ns"}, false,
			func() runtime.Object { return &corev1.Namespace{} }, func() runtime.Object { return &corev1.NamespaceList{} },
			apivalidation.ValidateNamespaceName, prepareNamespace, false},
		{core, "configmaps", "configmap", []string{"cm"}, true,
			func() runtime.Object { return &corev1.ConfigMap{} }, func() runtime.Object { return &corev1.ConfigMapList{} }, subdomain, nil, false},
		{core, "secrets", "secret", nil, true,
			func() runtime.Object { return &corev1.Secret{} }, func() runtime.Object { return &corev1.SecretList{} }, subdomain, prepareSecret, false},
		{core, "serviceaccounts", "serviceaccount", []string{"sa"}, true,
			func() runtime.Object { return &corev1.ServiceAccount{} }, func() runtime.Object { return &corev1.ServiceAccountList{} },
			apivalidation.ValidateServiceAccountName, nil, true},
		{admission, "mutatingwebhookconfigurations", "mutatingwebhookconfiguration", nil, false,
			func() runtime.Object { return &admissionregistrationv1.MutatingWebhookConfiguration{} },
			func() runtime.Object { return &admissionregistrationv1.MutatingWebhookConfigurationList{} }, subdomain, nil, false},
		{admission, "validatingwebhookconfigurations", "validatingwebhookconfiguration", nil, false,
			func() runtime.Object { return &admissionregistrationv1.ValidatingWebhookConfiguration{} },
			func() runtime.Object { return &admissionregistrationv1.ValidatingWebhookConfigurationList{} }, subdomain, nil, false},
		{admission, "validatingadmissionpolicies", "validatingadmissionpolicy", nil, false,
			func() runtime.Object { return &admissionregistrationv1.ValidatingAdmissionPolicy{} },
			func() runtime.Object { return &admissionregistrationv1.ValidatingAdmissionPolicyList{} }, subdomain, nil, false},
		{admission, "validatingadmissionpolicybindings", "validatingadmissionpolicybinding", nil, false,
			func() runtime.Object { return &admissionregistrationv1.ValidatingAdmissionPolicyBinding{} },
			func() runtime.Object { return &admissionregistrationv1.ValidatingAdmissionPolicyBindingList{} }, subdomain, nil, false},
	}
}

func prepareNamespace(object runtime.Object) {
	namespace := object.(*corev1.Namespace)
	if namespace.Status.Phase == "" {
		namespace.Status.Phase = corev1.NamespaceActive
	}
}

func prepareSecret(object runtime.Object) {
	secret := object.(*corev1.Secret)
	for key, value := range secret.StringData {
		if secret.Data == nil {
			secret.Data = map[string][]byte{}
		}
		secret.Data[key] = []byte(value)
	}
	secret.StringData = nil
}

func or[T any](value **T, fallback T) {
	if *value == nil {
		*value = &fallback
	}
}

// The documented defaults of the API reference.
func addDefaults(scheme *runtime.Scheme) {
	scheme.AddTypeDefaultingFunc(&corev1.Namespace{}, func(object any) {
		namespace := object.(*corev1.Namespace)
		if namespace.Name == "" {
			return
		}
		if namespace.Labels == nil {
			namespace.Labels = map[string]string{}
		}
		namespace.Labels[corev1.LabelMetadataName] = namespace.Name
	})
	scheme.AddTypeDefaultingFunc(&corev1.Secret{}, func(object any) {
		if secret := object.(*corev1.Secret); secret.Type == "" {
			secret.Type = corev1.SecretTypeOpaque
		}
	})
	scheme.AddTypeDefaultingFunc(&admissionregistrationv1.MutatingWebhookConfiguration{}, func(object any) {
		hooks := object.(*admissionregistrationv1.MutatingWebhookConfiguration).Webhooks
		for i := range hooks {
			hook := &hooks[i]
			defaultHook(&hook.FailurePolicy, &hook.MatchPolicy, &hook.NamespaceSelector, &hook.ObjectSelector, &hook.TimeoutSeconds, &hook.ClientConfig, hook.Rules)
			or(&hook.ReinvocationPolicy, admissionregistrationv1.NeverReinvocationPolicy)
		}
	})
	scheme.AddTypeDefaultingFunc(&admissionregistrationv1.ValidatingWebhookConfiguration{}, func(object any) {
		hooks := object.(*admissionregistrationv1.ValidatingWebhookConfiguration).Webhooks
		for i := range hooks {
			hook := &hooks[i]
			defaultHook(&hook.FailurePolicy, &hook.MatchPolicy, &hook.NamespaceSelector, &hook.ObjectSelector, &hook.TimeoutSeconds, &hook.ClientConfig, hook.Rules)
		}
	})
	scheme.AddTypeDefaultingFunc(&admissionregistrationv1.ValidatingAdmissionPolicy{}, func(object any) {
		spec := &object.(*admissionregistrationv1.ValidatingAdmissionPolicy).Spec
		or(&spec.FailurePolicy, admissionregistrationv1.Fail)
		defaultMatch(spec.MatchConstraints)
	})
	scheme.AddTypeDefaultingFunc(&admissionregistrationv1.ValidatingAdmissionPolicyBinding{}, func(object any) {
		defaultMatch(object.(*admissionregistrationv1.ValidatingAdmissionPolicyBinding).Spec.MatchResources)
	})
}

func defaultHook(
	failure **admissionregistrationv1.FailurePolicyType, match **admissionregistrationv1.MatchPolicyType,
	namespaces, objects **metav1.LabelSelector, timeout **int32,
	client *admissionregistrationv1.WebhookClientConfig, rules []admissionregistrationv1.RuleWithOperations,
) {
	or(failure, admissionregistrationv1.Fail)
	or(match, admissionregistrationv1.Equivalent)
	or(namespaces, metav1.LabelSelector{})
	or(objects, metav1.LabelSelector{})
	or(timeout, 10)
	if client.Service != nil {
		or(&client.Service.Port, 443)
	}
	for i := range rules {
		or(&rules[i].Scope, admissionregistrationv1.AllScopes)
	}
}

func defaultMatch(match *admissionregistrationv1.MatchResources) {
	if match == nil {
		return
	}
	or(&match.MatchPolicy, admissionregistrationv1.Equivalent)
	or(&match.NamespaceSelector, metav1.LabelSelector{})
	or(&match.ObjectSelector, metav1.LabelSelector{})
	for _, rules := range [][]admissionregistrationv1.NamedRuleWithOperations{match.ResourceRules, match.ExcludeResourceRules} {
		for i := range rules {
			or(&rules[i].Scope, admissionregistrationv1.AllScopes)
		}
	}
}

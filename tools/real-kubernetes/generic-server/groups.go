// The list of API groups at /apis: in kube-apiserver the aggregator serves it; here it follows the CustomResourceDefinitions.
package main

import (
	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	crdv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdapiserver "k8s.io/apiextensions-apiserver/pkg/apiserver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	"k8s.io/client-go/tools/cache"
	"sort"
)

func serveGroups(server *crdapiserver.CustomResourceDefinitions) {
	generic := server.GenericAPIServer
	handler := aggregated.WrapAggregatedDiscoveryToHandler(
		generic.DiscoveryGroupManager, generic.AggregatedDiscoveryGroupManager, generic.AggregatedDiscoveryGroupManager)
	generic.Handler.GoRestfulContainer.Add(handler.GenerateWebService("/apis", metav1.APIGroupList{}))

	definitions := server.Informers.Apiextensions().V1().CustomResourceDefinitions()
	refresh := func(group string) {
		all, err := definitions.Lister().List(labels.Everything())
		if err != nil {
			return
		}
		versions := sets.New[string]()
		for _, definition := range all {
			if definition.Spec.Group != group || !apihelpers.IsCRDConditionTrue(definition, crdv1.Established) {
				continue
			}
			for _, served := range definition.Spec.Versions {
				if served.Served {
					versions.Insert(served.Name)
				}
			}
		}
		if versions.Len() == 0 {
			generic.DiscoveryGroupManager.RemoveGroup(group)
			return
		}
		ordered := versions.UnsortedList()
		sort.Slice(ordered, func(i, j int) bool { return version.CompareKubeAwareVersionStrings(ordered[i], ordered[j]) > 0 })
		entry := metav1.APIGroup{Name: group}
		for _, name := range ordered {
			entry.Versions = append(entry.Versions, metav1.GroupVersionForDiscovery{GroupVersion: group + "/" + name, Version: name})
		}
		entry.PreferredVersion = entry.Versions[0]
		generic.DiscoveryGroupManager.AddGroup(entry)
	}
	changed := func(object any) {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		if definition, ok := object.(*crdv1.CustomResourceDefinition); ok {
			refresh(definition.Spec.Group)
		}
	}
	_, _ = definitions.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: changed, UpdateFunc: func(_, object any) { changed(object) }, DeleteFunc: changed,
	})
}

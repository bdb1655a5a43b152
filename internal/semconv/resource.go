package semconv

import "github.com/prodsentinel/prodsentinel/internal/signal/address"

// Service returns the name of the service that a resource is, "" where it has none. Of a pod's name,
// which some SDKs take for the service's, it is the workload's. A resource without a service's name goes
// by that of its workload or function, or of the object that an event of Kubernetes tells of.
func Service[A Attributes](resource A) string {
	if name := resource.Str(keyServiceName); name != "" {
		return address.Workload(name)
	}
	if name := firstStr(resource, keyDeployment, keyStatefulSet, keyDaemonSet, keyCronJob, keyJob, keyFunction); name != "" {
		return name
	}
	if name := resource.Str(keyPodName); name != "" {
		return address.PodsWorkload(name)
	}
	if name := resource.Str(keyObjectName); name != "" {
		return workload(resource.Str(keyObjectKind), name)
	}
	return resource.Str(keyContainer)
}

// Host returns the machine that a resource runs on.
func Host[A Attributes](resource A) string { return firstStr(resource, keyHostName, keyNodeName) }

// HostNamed is the attribute of resources that run on a machine.
func HostNamed(host string) map[string]string { return map[string]string{keyHostName: host} }

// ServiceNamespace returns what tells services of one name apart.
func ServiceNamespace[A Attributes](resource A) string { return resource.Str(keyServiceNamespace) }

// Cluster returns the cluster that a service is deployed to.
func Cluster[A Attributes](resource A) string { return resource.Str(keyCluster) }

// UnknownService is the name of a service that has none.
const UnknownService = "unknown_service"

// ServiceVersion returns the version of the service.
func ServiceVersion[A Attributes](resource A) string { return resource.Str(keyServiceVersion) }

// ServiceInstance returns what tells the instances of a service apart, the most exact that is
// recorded.
func ServiceInstance[A Attributes](resource A) string {
	return firstStr(resource, keyServiceInstance, keyPodUID, keyHostID, keyHostName)
}

// Language returns the language of the instrumentation, and so of the process, such as java.
func Language[A Attributes](resource A) string { return resource.Str(keyLanguage) }

// Environment returns the environment that a service is deployed to.
func Environment[A Attributes](resource A) string {
	return firstStr(resource, keyEnvironment, keyEnvironmentOld)
}

// IsServiceName reports whether a resource attribute is the service's name.
func IsServiceName(key string) bool { return key == keyServiceName }

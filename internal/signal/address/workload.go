package address

import "strings"

// Workload returns the workload that a pod belongs to, by the pod's name: checkout of
// checkout-7d9f5d67c4-x2x9z and of checkout-7d9f5d67c4, the name of its replica set. Any other name
// is its own.
func Workload(name string) string {
	head, last, found := cutLast(name)
	if !found {
		return name
	}
	if len(last) == podLength && isGenerated(last) {
		if workload, set, found := cutLast(head); found && isReplicaSet(set) {
			return workload
		}
	}
	if isReplicaSet(last) {
		return head
	}
	return name
}

// PodsWorkload is Workload for a name that is known to be a pod's: what its owner appends is cut off
// whatever it looks like, also the number of a stateful set's.
func PodsWorkload(pod string) string {
	if workload := Workload(pod); workload != pod {
		return workload
	}
	head, last, found := cutLast(pod)
	switch {
	case !found:
		return pod
	case strings.Trim(last, "0123456789") == "":
		return head
	case len(last) != podLength || strings.ToLower(last) != last:
		return pod
	}
	if workload, set, found := cutLast(head); found && len(set) <= setLongest && strings.ContainsAny(set, "0123456789") && strings.Trim(set, "abcdefghijklmnopqrstuvwxyz0123456789") == "" {
		return workload
	}
	return head
}

const (
	// podLength is the length of what Kubernetes appends to the name of a pod's owner.
	podLength = 5
	// setShortest and setLongest are the lengths of what it appends to a deployment's name. It may be
	// shorter, but then it might as well be a part of the name.
	setShortest, setLongest = 8, 10
)

// isReplicaSet reports whether a part of a name is the hash of a deployment's template.
func isReplicaSet(s string) bool {
	return len(s) >= setShortest && len(s) <= setLongest && isGenerated(s) && strings.ContainsAny(s, "23456789") &&
		strings.Trim(s, "0123456789") != ""
}

// isGenerated reports whether all characters are of those with which Kubernetes generates names: no
// vowels, and nothing that reads like one.
func isGenerated(s string) bool { return strings.Trim(s, "bcdfghjklmnpqrstvwxz2456789") == "" }

func cutLast(name string) (before, after string, found bool) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 {
		return name, "", false
	}
	return name[:i], name[i+1:], true
}

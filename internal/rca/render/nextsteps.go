package render

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
)

// nextSteps are what to do first, by category.
func nextSteps(j *judge.Judgement) []string {
	c, s := j.Component, j.Service
	caller := j.Group.Node.Service
	switch j.Category {
	case incident.CategoryConnectionPoolExhausted:
		return []string{
			"Look at the pool metrics of " + s + ": connections in use, maximum and waiting requests around the onset.",
			"Find who holds the connections: long transactions, leaked connections, a slow query.",
			"Only then raise the pool's size, and check that the database allows it.",
		}
	case incident.CategoryDatabaseLock:
		return []string{
			"At " + c + ", find the transaction that held the lock at the onset.",
			"Check the order in which transactions lock rows, and how long they stay open.",
		}
	case incident.CategoryDatabaseError:
		return []string{
			"Run the cited statement against " + c + " and read the error's code.",
			"Compare schema and data with what " + caller + " expects.",
		}
	case incident.CategoryDependencyUnavailable, incident.CategoryNetwork:
		return []string{
			"Check from a host of " + caller + " whether " + c + " accepts connections at the cited address.",
			"Check whether " + c + " runs, is registered and ready, and whether its address in " + caller + "'s configuration is right.",
		}
	case incident.CategoryDNS:
		return []string{"Resolve the name of " + c + " from a host of " + caller + ", and compare it with the configured one."}
	case incident.CategoryCertificate:
		return []string{"Look at the certificate that " + c + " presents: validity, names, issuer.", "Check which authorities " + caller + " trusts."}
	case incident.CategoryAuthentication, incident.CategoryAuthorization:
		return []string{
			"Look at the credentials that " + j.Caller + " sends to " + j.Callee + ": present, valid, with the right scope?",
			"Check whether " + j.Callee + " changed what it demands, and whether other callers are refused too.",
		}
	case incident.CategoryRateLimited, incident.CategoryCapacity:
		return []string{"Compare the load at " + c + " with its limit at the onset.", "Look for a caller whose rate rose."}
	case incident.CategoryResourceCPU, incident.CategoryResourceMemory, incident.CategoryResourceDisk:
		return []string{"Look at the resource metrics of " + s + " and of its host around the onset.", "Look for what grew: traffic, data, a leak."}
	case incident.CategoryTimeout:
		return []string{
			"Look at what " + c + " did" + inOperation(j.Operation) + " in the cited span, and compare it with a healthy trace.",
			"Compare the time it needs with the deadline of its callers.",
		}
	case incident.CategoryBadData:
		return []string{"Look at the input that " + s + " could not read, and at who produced it."}
	case incident.CategoryCodeException:
		return []string{"Open the cited code of " + s + " and the input of the cited request.", "Check what changed there before the onset."}
	default:
		return []string{"Read the cited records of " + s + " and what happened just before them."}
	}
}

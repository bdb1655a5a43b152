// Package faults breaks a running ProdSentinel at random and checks that nothing acknowledged is lost
// and that every cause still has exactly one analysed incident: the real binary and real servers, under
// load, in the topologies that are shipped. It is made of tests only; docs/testing.md says how to run
// it for long and how to reproduce a fault by its seed. It must not know the components: what it sees
// is what a sender and a reader of the API see.
package faults

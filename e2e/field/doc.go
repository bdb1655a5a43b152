// Package field plays telemetry that was recorded elsewhere and checks the verdicts: situations of
// public bug reports (testdata/cases), of frameworks and clients as their sources and documentation show
// them (testdata/foreign), and recordings of real instrumented applications
// (testdata/recorded), each with what an experienced on-call engineer concludes from these signals
// alone. It is made of tests only; docs/testing.md says how to add a case and how to shorten the list
// of wrong ones. A case passes through the components that the embedded configuration wires, with a
// clock that moves when everything waits. It must not know how a verdict is reached.
package field

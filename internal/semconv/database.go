package semconv

// DBSystem returns the registered name of the database or cache that a call asks.
func DBSystem[A Attributes](attrs A) string {
	return DBSystemNamed(firstStr(attrs, keyDBSystem, keyDBSystemOld, keyDBType))
}

// DBSystemNamed returns the registered name of a database, which may be given under one of its
// former names; a name that is not registered is its own.
func DBSystemNamed(name string) string {
	if name == "" {
		return ""
	}
	if registered, ok := dbSystemAliases[name]; ok {
		return registered
	}
	return name
}

// dbSystemAliases are the names of db.system that db.system.name gave up, and what clients call the
// same systems without having registered it.
var dbSystemAliases = map[string]string{
	"adabas":             "softwareag.adabas",
	"cache":              "intersystems.cache",
	"cockroach":          "cockroachdb",
	"cosmosdb":           "azure.cosmosdb",
	"db2":                "ibm.db2",
	"dynamodb":           "aws.dynamodb",
	"firebird":           "firebirdsql",
	"h2":                 "h2database",
	"hanadb":             "sap.hana",
	"informix":           "ibm.informix",
	"ingres":             "actian.ingres",
	"intersystems_cache": "intersystems.cache",
	"maxdb":              "sap.maxdb",
	"mongo":              "mongodb",
	"mssql":              "microsoft.sql_server",
	"mssqlcompact":       "microsoft.sql_server",
	"netezza":            "ibm.netezza",
	"oracle":             "oracle.db",
	"pg":                 "postgresql",
	"postgres":           "postgresql",
	"redshift":           "aws.redshift",
	"spanner":            "gcp.spanner",
	"sql":                "other_sql", // OpenTracing's word for any
	"sqlite3":            "sqlite",
	"sqlserver":          "microsoft.sql_server",
}

// DBNamespace returns the database or schema that a call asks.
func DBNamespace[A Attributes](attrs A) string {
	return firstStr(attrs, keyDBNamespace, keyDBNameOld, keyDBInstance)
}

// DBOperation returns the command that a call gives, such as SELECT.
func DBOperation[A Attributes](attrs A) string {
	return firstStr(attrs, keyDBOperation, keyDBOperationOld)
}

// DBCollection returns the table or collection that a call asks.
func DBCollection[A Attributes](attrs A) string {
	return firstStr(attrs, keyDBCollection, keyDBTableOld)
}

// DBStatus returns the code with which a database answered, in its own numbering.
func DBStatus[A Attributes](attrs A) string { return attrs.Str(keyDBStatus) }

// SQLState returns the SQLSTATE that a client recorded apart from DBStatus, "" where it has not
// the five characters of one.
func SQLState[A Attributes](attrs A) string {
	if state := firstStr(attrs, keySQLStatePgx, keySQLStateOfPG, keySQLState); len(state) == 5 {
		return state
	}
	return ""
}

// StoreFamily returns the system whose protocol, codes and words a database, cache or broker shares; its
// own name where it shares none.
func StoreFamily(system string) string {
	if family, ok := storeFamilies[system]; ok {
		return family
	}
	return system
}

var storeFamilies = map[string]string{
	"activemq_artemis": "activemq",
	"dragonfly":        "redis",
	"keydb":            "redis",
	"mariadb":          "mysql",
	"opensearch":       "elasticsearch",
	"scylladb":         "cassandra",
	"tidb":             "mysql",
	"valkey":           "redis",
}

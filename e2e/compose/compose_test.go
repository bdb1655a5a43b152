package compose

import (
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestComposeFileIsOfTheSpecification(t *testing.T) {
	project := loadProject(t)
	assert.ElementsMatch(t, []string{"postgres", "redis", "collector", "worker", "inventory", "payment", "gateway"}, project.ServiceNames())

	misspelt := strings.Replace(readComposeFile(t), "depends_on:", "depend_on:", 1)
	_, err := parse(t, misspelt, exampleEnvironment(t))
	require.ErrorContains(t, err, "depend_on", "the schema is asked")
}

// Who forgot the environment is told what to do; every variable has a default or an example.
func TestEveryVariableHasADefaultOrAnExample(t *testing.T) {
	_, err := parse(t, readComposeFile(t), nil)
	require.ErrorContains(t, err, "copy .env.example to .env")

	example := exampleEnvironment(t)
	used := make(map[string]bool)
	for _, match := range regexp.MustCompile(`\$\{(\w+)(:-)?`).FindAllStringSubmatch(readComposeFile(t), -1) {
		used[match[1]] = true
		assert.True(t, match[2] != "" || example[match[1]] != "", "%s has neither default nor example", match[1])
	}
	for _, name := range []string{"DATABASE_URL", "REDIS_URL", "GOOGLE_API_KEY", "LOG_LEVEL"} {
		assert.Contains(t, example, name)
	}
	for name := range example {
		assert.True(t, used[name], "%s of .env.example is read by nothing", name)
	}
	assert.Contains(t, example["DATABASE_URL"], ":"+example["POSTGRES_PASSWORD"]+"@postgres:5432/")
}

func TestSecretsStandInNoFile(t *testing.T) {
	secret := regexp.MustCompile(`(?i)(PASSWORD|KEY|TOKEN|SECRET|_URL)\w*: (.*)`)
	for _, match := range secret.FindAllStringSubmatch(readComposeFile(t), -1) {
		assert.Regexp(t, `^(\$\{|http://\w+:\d+)`, match[2], match[0])
	}
}

func TestStackIsReachableFromThisMachineOnly(t *testing.T) {
	published := make(map[string]bool)
	for name, service := range loadProject(t).Services {
		assert.Empty(t, service.NetworkMode, name)
		for _, port := range service.Ports {
			assert.Equal(t, "127.0.0.1", port.HostIP, "%s publishes %s", name, port.Published)
			published[port.Published] = true
		}
	}
	for _, port := range []string{"4317", "4318", "8000", "8001", "8003", "8080"} {
		assert.True(t, published[port], "nothing is published on %s", port)
	}
}

func TestServicesAreConfinedCheckedAndWaitedFor(t *testing.T) {
	project := loadProject(t)
	for name, service := range project.Services {
		require.NotNil(t, service.HealthCheck, name)
		assert.NotEmpty(t, service.HealthCheck.Test, name)
		for on, dependency := range service.DependsOn {
			assert.Equal(t, types.ServiceConditionHealthy, dependency.Condition, "%s on %s", name, on)
		}
		for _, volume := range service.Volumes {
			assert.Equal(t, types.VolumeTypeVolume, volume.Type, "%s mounts %s, which a clone may lack", name, volume.Source)
		}
		if ours(service) {
			assert.True(t, service.ReadOnly, name)
			assert.Equal(t, []string{"ALL"}, service.CapDrop, name)
			assert.Empty(t, service.Privileged, name)
			assert.Empty(t, service.User, "%s is the image's user", name)
			assert.NotEmpty(t, service.DependsOn, name)
		}
	}
	assert.Len(t, project.Services["postgres"].Volumes, 1, "what is stored outlives the container")
}

// Two builds of one name at once can fail: "already exists".
func TestOneServiceBuildsTheImageOfAll(t *testing.T) {
	project := loadProject(t)
	for name, service := range project.Services {
		switch {
		case name == "collector":
			assert.True(t, ours(service))
			assert.NotNil(t, service.Build)
			assert.Empty(t, service.PullPolicy, "it is built where it is missing")
		case ours(service):
			assert.Nil(t, service.Build, name)
			assert.Equal(t, types.PullPolicyNever, service.PullPolicy, name)
			assert.Contains(t, service.DependsOn, "collector", "%s alone brings what it runs", name)
		}
	}
}

// The image has the files that the services name, and takes them with their environment.
func TestEveryServicesConfigurationIsValid(t *testing.T) {
	im := buildImage(t)
	for name, service := range loadProject(t).Services {
		if !ours(service) || !strings.HasPrefix(service.Command[0], "--config=") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			out, code := finish(t, im.command(t, environment(service), append([]string{"validate"}, service.Command...)))
			assert.Zero(t, code, out)
		})
	}
}

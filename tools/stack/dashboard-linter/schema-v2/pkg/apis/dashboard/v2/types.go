// Package v2 stands in for Grafana's own of this name, which public module proxies do not have.
//
// grafana/dashboard-linter needs it to read dashboards of Grafana's schema 2. The dashboards here are classic
// JSON, which the linter reads by itself, so only the fields that it names are declared, and nothing is decoded.
package v2

type DashboardSpec struct {
	Title       string
	Editable    *bool
	Elements    map[string]DashboardElement
	Variables   []DashboardVariableKind
	Annotations []DashboardAnnotationQueryKind
}

type DashboardElement struct {
	PanelKind *struct{ Spec DashboardPanelSpec }
}

type DashboardPanelSpec struct {
	Id          float64
	Title       string
	Description string
	Data        struct {
		Spec struct{ Queries []DashboardPanelQueryKind }
	}
	VizConfig struct {
		Group string
		Spec  struct {
			FieldConfig any
			Options     map[string]any
		}
	}
}

type DashboardPanelQueryKind struct {
	Spec struct {
		RefId  string
		Hidden bool
		Query  DashboardDataQueryKind
	}
}

type DashboardDataQueryKind struct {
	Group      string
	Datasource *struct{ Name *string }
	Spec       map[string]any
}

type DashboardAnnotationQueryKind struct {
	Spec struct {
		Name  string
		Query DashboardDataQueryKind
	}
}

type DashboardVariableRefresh string

const (
	DashboardVariableRefreshOnDashboardLoad    DashboardVariableRefresh = "onDashboardLoad"
	DashboardVariableRefreshOnTimeRangeChanged DashboardVariableRefresh = "onTimeRangeChanged"
)

// DashboardVariableKind is one of these.
type DashboardVariableKind struct {
	QueryVariableKind      *struct{ Spec QueriedVariableSpec }
	DatasourceVariableKind *struct{ Spec QueriedVariableSpec }
	CustomVariableKind     *struct{ Spec PlainVariableSpec }
	IntervalVariableKind   *struct{ Spec PlainVariableSpec }
	ConstantVariableKind   *struct{ Spec PlainVariableSpec }
	TextVariableKind       *struct{ Spec PlainVariableSpec }
	AdhocVariableKind      *struct{ Spec PlainVariableSpec }
	GroupByVariableKind    *struct{ Spec PlainVariableSpec }
	SwitchVariableKind     *struct{ Spec PlainVariableSpec }
}

type QueriedVariableSpec struct {
	Name     string
	Label    *string
	Multi    bool
	AllValue *string
	Refresh  DashboardVariableRefresh
	Query    DashboardDataQueryKind
	PluginId string
}

type PlainVariableSpec struct {
	Name     string
	Label    *string
	Multi    bool
	AllValue *string
	Query    string
}

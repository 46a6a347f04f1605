-- RXA/epr: the acute hospital's record system.
-- Habits: surrogate numeric keys; `mrn` is the local patient id on every table; timestamps with time zone; codes are SNOMED CT and
-- dm+d, with a column saying which; structured doses; a wrong row is kept and flagged `entered_in_error`; nothing clinical is
-- deleted, but a cancelled order or a duplicate row may be. A merged patient keeps its row, pointing at the survivor.
CREATE SCHEMA epr;

CREATE TABLE epr.patient (
    mrn               text PRIMARY KEY,
    nhs_number        text,                    -- ten digits, null when not known
    nhs_number_status text NOT NULL,           -- national verification status, 01 to 08
    case_note_number  text,
    ae_number         text,                    -- emergency department's own number
    family_name       text NOT NULL,
    given_names       text NOT NULL,           -- separated by spaces
    title             text,
    birth_date        date,
    sex_code          text NOT NULL,           -- M, F, I, U
    address_line1     text,
    address_line2     text,
    town              text,
    postcode          text,
    phone             text,
    gp_practice_code  text,                    -- ODS
    deceased_at       timestamptz,
    restricted        boolean NOT NULL DEFAULT false,
    merged_into_mrn   text,                    -- this number was given in error; the patient is that one
    updated_at        timestamptz NOT NULL
);

CREATE TABLE epr.encounter (
    encounter_id   bigint PRIMARY KEY,
    mrn            text NOT NULL,
    visit_number   text NOT NULL,
    class_code     text NOT NULL,              -- I inpatient, E emergency, O outpatient
    status         text NOT NULL,              -- PLANNED, ARRIVED, DISCHARGED, CANCELLED
    specialty      text,
    ward           text,
    reason_code    text,                       -- SNOMED CT
    reason_text    text,
    admitted_at    timestamptz,
    discharged_at  timestamptz,
    consultant     text,
    outcome        text,
    entered_in_error boolean NOT NULL DEFAULT false,
    updated_at     timestamptz NOT NULL
);

CREATE TABLE epr.diagnosis (
    diagnosis_id   bigint PRIMARY KEY,
    encounter_id   bigint,
    mrn            text NOT NULL,
    code           text,
    code_system    text NOT NULL,              -- SNOMED, LOCAL, NONE
    description    text NOT NULL,
    rank           smallint NOT NULL,          -- 1 = primary
    certainty      text NOT NULL,              -- CONFIRMED, PROVISIONAL, REFUTED
    status         text NOT NULL,              -- ACTIVE, RESOLVED
    onset_on       date,
    recorded_at    timestamptz NOT NULL,
    entered_in_error boolean NOT NULL DEFAULT false
);

CREATE TABLE epr.allergy (
    allergy_id     bigint PRIMARY KEY,
    mrn            text NOT NULL,
    substance_code text,
    code_system    text NOT NULL,              -- SNOMED (a substance), DMD (a moiety or product), LOCAL, NONE
    substance_name text NOT NULL,
    category       text NOT NULL,              -- DRUG, FOOD, OTHER; NKA = no known allergies
    reaction_code  text,                       -- SNOMED CT finding
    reaction_text  text,
    severity       text,                       -- MILD, MODERATE, SEVERE
    certainty      text NOT NULL,              -- CONFIRMED, SUSPECTED, REFUTED
    status         text NOT NULL,              -- ACTIVE, INACTIVE, RESOLVED
    onset_on       date,
    recorded_at    timestamptz NOT NULL,
    recorded_by    text,
    entered_in_error boolean NOT NULL DEFAULT false
);

CREATE TABLE epr.prescription (
    prescription_id bigint PRIMARY KEY,
    encounter_id   bigint,
    mrn            text NOT NULL,
    drug_code      text,
    code_system    text NOT NULL,              -- DMD, LOCAL, NONE
    drug_level     text,                       -- VTM, VMP, AMP
    drug_name      text NOT NULL,
    dose_value     numeric(10,3),
    dose_unit      text,
    route_code     text,                       -- SNOMED CT
    route_name     text,
    frequency      text,                       -- OD, BD, TDS, QDS, ON, STAT, PRN
    as_required    boolean NOT NULL DEFAULT false,
    indication     text,
    status         text NOT NULL,              -- ACTIVE, SUSPENDED, STOPPED, COMPLETED, CANCELLED
    start_at       timestamptz,
    stop_at        timestamptz,
    stop_reason    text,
    prescriber     text,
    recorded_at    timestamptz NOT NULL,
    entered_in_error boolean NOT NULL DEFAULT false
);

CREATE TABLE epr.lab_order (
    order_id       bigint PRIMARY KEY,
    encounter_id   bigint,
    mrn            text NOT NULL,
    order_number   text NOT NULL,              -- the laboratory's number; the GP's copy of the result carries it too
    panel_code     text,                       -- SNOMED CT, or null
    panel_name     text NOT NULL,
    specimen_type  text,
    specimen_number text,
    status         text NOT NULL,              -- REQUESTED, PARTIAL, COMPLETE, CANCELLED
    requested_at   timestamptz NOT NULL,
    collected_at   timestamptz,
    requested_by   text,
    updated_at     timestamptz NOT NULL
);

CREATE TABLE epr.lab_result (
    result_id      bigint PRIMARY KEY,
    order_id       bigint NOT NULL,            -- epr.lab_order
    mrn            text NOT NULL,
    test_code      text,
    code_system    text NOT NULL,              -- SNOMED, LOCAL
    test_name      text NOT NULL,
    comparator     text,                       -- <, >
    value_numeric  numeric(12,4),
    value_text     text,                       -- where the result is no number
    unit           text,
    range_low      numeric(12,4),
    range_high     numeric(12,4),
    abnormal_flag  text,                       -- L, H, null
    status         text NOT NULL,              -- P preliminary, F final, C corrected, X cancelled
    reported_at    timestamptz NOT NULL,
    comment        text
);

CREATE TABLE epr.document (
    document_id    bigint PRIMARY KEY,
    encounter_id   bigint,
    mrn            text NOT NULL,
    type_code      text,                       -- SNOMED CT
    type_name      text NOT NULL,
    title          text NOT NULL,
    status         text NOT NULL,              -- DRAFT, FINAL, AMENDED, WITHDRAWN
    authored_at    timestamptz NOT NULL,
    author         text,
    specialty      text,
    entered_in_error boolean NOT NULL DEFAULT false
);

CREATE TABLE epr.document_section (
    document_id    bigint NOT NULL,            -- epr.document
    section_no     smallint NOT NULL,
    mrn            text NOT NULL,
    heading        text NOT NULL,
    body           text NOT NULL,
    PRIMARY KEY (document_id, section_no)
);

CREATE TABLE epr.procedure (
    procedure_id   bigint PRIMARY KEY,
    encounter_id   bigint,
    mrn            text NOT NULL,
    code           text,
    code_system    text NOT NULL,              -- SNOMED, LOCAL, NONE
    description    text NOT NULL,
    body_site      text,
    status         text NOT NULL,              -- PLANNED, DONE, ABANDONED
    performed_at   timestamptz,
    performed_by   text,
    outcome        text,
    recorded_at    timestamptz NOT NULL,
    entered_in_error boolean NOT NULL DEFAULT false
);

ALTER TABLE epr.patient          REPLICA IDENTITY FULL;
ALTER TABLE epr.encounter        REPLICA IDENTITY FULL;
ALTER TABLE epr.diagnosis        REPLICA IDENTITY FULL;
ALTER TABLE epr.allergy          REPLICA IDENTITY FULL;
ALTER TABLE epr.prescription     REPLICA IDENTITY FULL;
ALTER TABLE epr.lab_order        REPLICA IDENTITY FULL;
ALTER TABLE epr.lab_result       REPLICA IDENTITY FULL;
ALTER TABLE epr.document         REPLICA IDENTITY FULL;
ALTER TABLE epr.document_section REPLICA IDENTITY FULL;
ALTER TABLE epr.procedure        REPLICA IDENTITY FULL;

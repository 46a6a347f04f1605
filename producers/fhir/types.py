"""What becomes of each resource type: mapped, used through references, or known and held by no kind yet."""

from __future__ import annotations

CONTEXT = frozenset((
    "Organization", "Practitioner", "PractitionerRole", "Location", "Medication", "HealthcareService", "Specimen", "Device",
    "DeviceMetric", "Substance", "Schedule", "Slot", "Goal", "Endpoint", "RelatedPerson", "List", "BodyStructure", "BodySite",
    "Provenance", "OperationOutcome", "MessageHeader", "Binary", "Questionnaire", "ActivityDefinition", "PlanDefinition", "Group",
    "Person", "Linkage", "OrganizationAffiliation",
))
"""Read through references from resources that are mapped, or about the exchange itself. A List gives order and headings, and the
manifest (see `manifest`)."""

NO_KIND = frozenset((
    "Account", "AdverseEvent", "AppointmentResponse", "AuditEvent", "Basic", "BiologicallyDerivedProduct", "CareTeam", "CatalogEntry",
    "ChargeItem", "Claim", "ClaimResponse", "ClinicalImpression", "CodeSystem", "Communication", "CommunicationRequest",
    "CompartmentDefinition", "ConceptMap", "Consent", "Contract", "Coverage", "CoverageEligibilityRequest",
    "CoverageEligibilityResponse", "DetectedIssue", "DeviceComponent", "DeviceDefinition", "DeviceRequest", "DeviceUseStatement",
    "DocumentManifest", "EligibilityRequest", "EligibilityResponse", "EnrollmentRequest", "EnrollmentResponse", "EpisodeOfCare",
    "EvidenceVariable", "Evidence", "EventDefinition", "ExampleScenario", "ExpansionProfile", "ExplanationOfBenefit",
    "FamilyMemberHistory", "GraphDefinition", "GuidanceResponse", "ImagingManifest", "ImagingStudy", "ImmunizationEvaluation",
    "ImmunizationRecommendation", "ImplementationGuide", "InsurancePlan", "Invoice", "Library", "Measure", "MeasureReport", "Media",
    "MedicationKnowledge", "MessageDefinition", "MolecularSequence", "NamingSystem", "NutritionOrder", "ObservationDefinition",
    "OperationDefinition", "PaymentNotice", "PaymentReconciliation", "ProcessRequest", "ProcessResponse", "QuestionnaireResponse",
    "RequestGroup", "ResearchDefinition", "ResearchElementDefinition", "ResearchStudy", "ResearchSubject", "RiskAssessment",
    "RiskEvidenceSynthesis", "SearchParameter", "Sequence", "ServiceDefinition", "SpecimenDefinition", "StructureDefinition",
    "StructureMap", "Subscription", "SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation",
    "SubstanceSourceMaterial", "SubstanceSpecification", "SupplyDelivery", "SupplyRequest", "Task", "TerminologyCapabilities",
    "TestReport", "TestScript", "ValueSet", "VerificationResult", "VisionPrescription", "CapabilityStatement", "ChargeItemDefinition",
    "DataElement", "EffectEvidenceSynthesis", "MedicinalProduct", "MedicinalProductAuthorization", "MedicinalProductContraindication",
    "MedicinalProductIndication", "MedicinalProductIngredient", "MedicinalProductInteraction", "MedicinalProductManufactured",
    "MedicinalProductPackaged", "MedicinalProductPharmaceutical", "MedicinalProductUndesirableEffect",
))
"""FHIR R4 and STU3 types that no kind of the record holds yet. They stay in the raw topic and can be replayed when one does."""

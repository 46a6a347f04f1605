"""HL7 v2 as UK trusts send it. So far what its ADT messages say of who someone is, from files; a listener follows."""

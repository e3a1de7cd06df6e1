/*
 * datum_container.c
 *		Arrays from lists and sets, composite types from maps, and back.
 *
 * Elements and fields have conversions of their own, so whatever a column can be, they can be.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "item/number.h"
#include "postgres/datum/datum_conversion.h"

/* --- sets ------------------------------------------------------------------------------------- */

AttributeType
set_element_type(AttributeType set_type)
{
	switch (set_type)
	{
		case ATTRIBUTE_NS:
			return ATTRIBUTE_N;
		case ATTRIBUTE_BS:
			return ATTRIBUTE_B;
		default:
			return ATTRIBUTE_S;
	}
}

static int
compare_elements(const void *a, const void *b)
{
	return bytes_compare(((const AttributeValue *) a)->bytes, ((const AttributeValue *) b)->bytes);
}

static int
compare_numbers(const void *a, const void *b)
{
	return number_compare(((const AttributeValue *) a)->bytes, ((const AttributeValue *) b)->bytes);
}

const AttributeValue *
set_in_order(const AttributeValue *set, AttributeValue *sorted)
{
	int (*compare)(const void *, const void *) =
	    set->type == ATTRIBUTE_NS ? compare_numbers : compare_elements;
	Size size = mul_size(set->count, sizeof(AttributeValue));
	uint32 i = 1;

	while (i < set->count && compare(&set->elements[i - 1], &set->elements[i]) <= 0)
		i++;
	if (i >= set->count)
		return set;
	*sorted = *set;
	sorted->elements = palloc(size);
	memcpy(sorted->elements, set->elements, size);
	qsort(sorted->elements, set->count, sizeof(AttributeValue), compare);
	return sorted;
}

/* Numbers are compared as texts: what is written is canonical. */
bool
set_is_valid(const AttributeValue *set)
{
	Size size = mul_size(set->count, sizeof(AttributeValue));
	AttributeValue *sorted;
	bool has_duplicates = false;

	if (set->count == 0)
		return false;
	sorted = palloc(size);
	memcpy(sorted, set->elements, size);
	qsort(sorted, set->count, sizeof(*sorted), compare_elements);
	for (uint32 i = 1; i < set->count && !has_duplicates; i++)
		has_duplicates = bytes_equal(sorted[i - 1].bytes, sorted[i].bytes);
	pfree(sorted);
	return !has_duplicates;
}

/* --- arrays: preparing ------------------------------------------------------------------------ */

/* The sets whose elements the element's conversion reads. */
static uint32
readable_sets(ColumnConversion *element)
{
	static const AttributeType set_types[] = {ATTRIBUTE_SS, ATTRIBUTE_NS, ATTRIBUTE_BS};
	uint32 sets = 0;

	for (size_t i = 0; i < lengthof(set_types); i++)
		if (column_conversion_accepts(element, set_element_type(set_types[i])))
			sets |= ATTRIBUTE_TYPE_BIT(set_types[i]);
	return sets;
}

/* A set's element is of the set's kind; a list's is what its type says. */
static ColumnConversion *
create_element(ColumnConversion *conversion, const ColumnOptions *options, Oid type)
{
	ColumnOptions element_options = {.json_format = options->json_format,
	                                 .time_format = options->time_format};

	if (options->has_attribute_type && attribute_type_is_set(options->attribute_type))
	{
		element_options.has_attribute_type = true;
		element_options.attribute_type = set_element_type(options->attribute_type);
	}
	return column_conversion_create(psprintf("%s[]", conversion->name), type,
	                                conversion->type_modifier, &element_options);
}

void
prepare_array(ColumnConversion *conversion, const ColumnOptions *options)
{
	Oid element_type = get_element_type(conversion->type);

	conversion->element_type = element_type;
	conversion->element = create_element(conversion, options, element_type);
	get_typlenbyvalalign(element_type, &conversion->element_length, &conversion->element_by_value,
	                     &conversion->element_alignment);
	if (options->has_attribute_type)
	{
		conversion->written_type = options->attribute_type;
		conversion->accepted = ATTRIBUTE_TYPE_BIT(options->attribute_type);
	}
	else
		conversion->accepted |= readable_sets(conversion->element);
}

/* --- arrays: reading -------------------------------------------------------------------------- */

/* An array's elements while they are collected from nested lists. */
typedef struct ArrayElements
{
	int dimensions;
	int lengths[MAXDIM];
	Datum *datums;
	bool *nulls;
	int count; /* collected so far */
} ArrayElements;

static void
report_shape(ColumnConversion *conversion)
{
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	         errmsg("lists in attribute \"%s\" do not form a rectangular array", conversion->name),
	         errhint("Declare the column as jsonb.")));
}

/*
 * Nested lists are further dimensions, unless the elements themselves are read from lists. The
 * first of each level gives the level's length.
 */
static void
measure_array(ColumnConversion *conversion, const AttributeValue *value, ArrayElements *elements)
{
	elements->dimensions = 1;
	elements->lengths[0] = (int) value->count;
	while (value->count > 0 && value->elements[0].type == ATTRIBUTE_L &&
	       !column_conversion_accepts(conversion->element, ATTRIBUTE_L))
	{
		value = &value->elements[0];
		if (elements->dimensions == MAXDIM || value->count == 0)
			report_shape(conversion);
		elements->lengths[elements->dimensions++] = (int) value->count;
	}
}

static void
collect_elements(ColumnConversion *conversion, const AttributeValue *value, int dimension,
                 ArrayElements *elements)
{
	if (dimension == elements->dimensions)
	{
		elements->datums[elements->count] =
		    column_conversion_read(conversion->element, value, &elements->nulls[elements->count]);
		elements->count++;
		return;
	}
	if (dimension > 0 && value->type != ATTRIBUTE_L)
		report_shape(conversion);
	if (value->count != (uint32) elements->lengths[dimension])
		report_shape(conversion);
	for (uint32 i = 0; i < value->count; i++)
		collect_elements(conversion, &value->elements[i], dimension + 1, elements);
}

Datum
read_array(ColumnConversion *conversion, const AttributeValue *value)
{
	int lower_bounds[MAXDIM] = {1, 1, 1, 1, 1, 1};
	ArrayElements elements = {0};
	AttributeValue sorted;
	int total;

	if (value->count == 0)
		return PointerGetDatum(construct_empty_array(conversion->element_type));

	if (attribute_type_is_set(value->type))
		value = set_in_order(value, &sorted);
	measure_array(conversion, value, &elements);
	total = ArrayGetNItems(elements.dimensions, elements.lengths);
	elements.datums = palloc(mul_size(total, sizeof(Datum)));
	elements.nulls = palloc(mul_size(total, sizeof(bool)));
	collect_elements(conversion, value, 0, &elements);
	return PointerGetDatum(
	    construct_md_array(elements.datums, elements.nulls, elements.dimensions, elements.lengths,
	                       lower_bounds, conversion->element_type, conversion->element_length,
	                       conversion->element_by_value, conversion->element_alignment));
}

/* --- arrays: writing -------------------------------------------------------------------------- */

static WriteOutcome
write_element(ColumnConversion *conversion, Arena *arena, Datum datum, bool is_null,
              AttributeValue *value)
{
	if (is_null)
	{
		*value = attribute_null();
		return WRITE_EXACT;
	}
	return column_conversion_write(conversion->element, arena, datum, value);
}

/* The list of one dimension, and in it the lists of the next. */
static WriteOutcome
write_dimension(ColumnConversion *conversion, Arena *arena, ArrayElements *elements, int dimension,
                AttributeValue *value)
{
	WriteOutcome outcome = WRITE_EXACT;

	if (dimension == elements->dimensions)
	{
		int element = elements->count++;

		return write_element(conversion, arena, elements->datums[element], elements->nulls[element],
		                     value);
	}
	*value = (AttributeValue){.type = ATTRIBUTE_L, .count = elements->lengths[dimension]};
	value->elements = allocate_value(arena, value->count, sizeof(AttributeValue));
	for (uint32 i = 0; i < value->count && outcome == WRITE_EXACT; i++)
		outcome = write_dimension(conversion, arena, elements, dimension + 1, &value->elements[i]);
	return outcome;
}

/* Arrays that do not begin at 1 would be read back as others. */
static bool
begins_at_one(ArrayType *array)
{
	for (int i = 0; i < ARR_NDIM(array); i++)
		if (ARR_LBOUND(array)[i] != 1)
			return false;
	return true;
}

/* A list of one dimension without NULLs and duplicates as a set. */
static WriteOutcome
list_to_set(ColumnConversion *conversion, ArrayType *array, AttributeValue *value)
{
	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		return WRITE_NO_VALUE;
	value->type = conversion->written_type;
	return set_is_valid(value) ? WRITE_EXACT : WRITE_NO_VALUE;
}

WriteOutcome
write_array(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	ArrayType *array = DatumGetArrayTypeP(datum);
	ArrayElements elements = {.dimensions = Max(ARR_NDIM(array), 1)};
	int total;

	if (!begins_at_one(array))
		return WRITE_NO_VALUE;
	memcpy(elements.lengths, ARR_DIMS(array), ARR_NDIM(array) * sizeof(int));
	deconstruct_array(array, ARR_ELEMTYPE(array), conversion->element_length,
	                  conversion->element_by_value, conversion->element_alignment, &elements.datums,
	                  &elements.nulls, &total);
	if (write_dimension(conversion, arena, &elements, 0, value) != WRITE_EXACT)
		return WRITE_NO_VALUE;
	if (conversion->written_type == ATTRIBUTE_L)
		return WRITE_EXACT;
	return list_to_set(conversion, array, value);
}

/* --- composite types -------------------------------------------------------------------------- */

static Bytes
utf8_name(const char *name)
{
	Arena scratch;
	Bytes utf8;
	char *copy;

	scratch_arena_init(&scratch);
	if (!string_from_server(&scratch, name, strlen(name), &utf8))
		utf8 = bytes_of_string(name);
	copy = pnstrdup(utf8.data, utf8.length);
	arena_release(&scratch);
	return bytes_of_string(copy);
}

static void
prepare_field(ColumnConversion *conversion, int field, const ColumnOptions *options)
{
	Form_pg_attribute attribute = TupleDescAttr(conversion->descriptor, field);
	const char *name = NameStr(attribute->attname);
	ColumnOptions field_options = {.json_format = options->json_format};

	if (attribute->attisdropped)
		return;
	conversion->field_names[field] = utf8_name(name);
	conversion->fields[field] =
	    column_conversion_create(psprintf("%s.%s", conversion->name, name), attribute->atttypid,
	                             attribute->atttypmod, &field_options);
}

void
prepare_composite(ColumnConversion *conversion, const ColumnOptions *options)
{
	TupleDesc shared = lookup_rowtype_tupdesc(conversion->type, conversion->type_modifier);
	int count = shared->natts;

	conversion->descriptor = CreateTupleDescCopy(shared);
	ReleaseTupleDesc(shared);
	conversion->fields = palloc0(mul_size(count, sizeof(*conversion->fields)));
	conversion->field_names = palloc0(mul_size(count, sizeof(*conversion->field_names)));
	for (int field = 0; field < count; field++)
		prepare_field(conversion, field, options);
}

/* Members that are no fields are left out; fields without a member are NULL. */
Datum
read_composite(ColumnConversion *conversion, const AttributeValue *value)
{
	int count = conversion->descriptor->natts;
	Datum *datums = palloc0(mul_size(count, sizeof(Datum)));
	bool *nulls = palloc(mul_size(count, sizeof(bool)));

	for (int field = 0; field < count; field++)
	{
		if (conversion->fields[field] == NULL)
			nulls[field] = true;
		else
			datums[field] = column_conversion_read(conversion->fields[field],
			                                       map_find(value, conversion->field_names[field]),
			                                       &nulls[field]);
	}
	return HeapTupleGetDatum(heap_form_tuple(conversion->descriptor, datums, nulls));
}

static void
deform_composite(TupleDesc descriptor, Datum datum, Datum *datums, bool *nulls)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(datum);
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};

	heap_deform_tuple(&tuple, descriptor, datums, nulls);
}

/* Fields that are NULL become no member. */
WriteOutcome
write_composite(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	int count = conversion->descriptor->natts;
	Datum *datums = palloc(mul_size(count, sizeof(Datum)));
	bool *nulls = palloc(mul_size(count, sizeof(bool)));
	Attribute *attributes = allocate_value(arena, count, sizeof(*attributes));
	uint32 written = 0;

	deform_composite(conversion->descriptor, datum, datums, nulls);
	for (int field = 0; field < count; field++)
	{
		if (nulls[field] || conversion->fields[field] == NULL)
			continue;
		attributes[written].name = copy_value(arena, conversion->field_names[field]);
		attributes[written].slot = ATTRIBUTE_NO_SLOT;
		if (column_conversion_write(conversion->fields[field], arena, datums[field],
		                            &attributes[written].value) != WRITE_EXACT)
			return WRITE_NO_VALUE;
		written++;
	}
	*value = (AttributeValue){.type = ATTRIBUTE_M, .count = written, .attributes = attributes};
	return WRITE_EXACT;
}

//! What points to other fields: aliases and `copy_to`.

use crate::mapping::NestedObject;
use crate::mapping::error::MappingError;
use crate::mapping::field::{Field, FieldId, NestedId};

use super::{Leaves, Reader};

impl Reader<'_> {
    pub(super) fn follow_aliases(&mut self) -> Result<(), MappingError> {
        let mut followed = Vec::with_capacity(self.aliases.len());
        for alias in &self.aliases {
            let target = &alias.target;
            let field = self.names.get(target.as_str()).and_then(|id| self.leaves.fields.get(id.0 as usize));
            let Some(field) = field else {
                let reason = format!("the alias points to {target:?}, which is no field of the mapping");
                return Err(MappingError::new(&alias.pointer, reason));
            };
            if field.nested != alias.scope {
                let reason = format!("the alias points to {target:?}, which is not in the same nested object");
                return Err(MappingError::new(&alias.pointer, reason));
            }
            followed.push((alias.path.as_str().into(), field.id));
        }
        self.names.extend(followed);
        Ok(())
    }

    pub(super) fn follow_copies(&mut self) -> Result<(), MappingError> {
        self.check_targets()?;
        let names = &self.names;
        let known = self.leaves.fields.iter().map(|field| field.nested).collect::<Vec<_>>();
        let find = |name: &str| {
            let id = *names.get(name)?;
            Some((id, *known.get(id.0 as usize)?))
        };
        targets_of_copies(&mut self.leaves, &self.nested, find)
    }
}

impl Reader<'_> {
    fn check_targets(&self) -> Result<(), MappingError> {
        let is_sub_field = |id: &FieldId| self.leaves.fields.iter().any(|field| field.sub_fields.contains(id));
        for (copy, target) in
            self.leaves.copies.iter().flat_map(|copy| copy.targets.iter().map(move |target| (copy, target)))
        {
            let wrong = match self.names.get(target.as_str()) {
                _ if self.objects.contains_key(target.as_str()) => "an object",
                Some(id) if is_sub_field(id) => "a sub-field",
                _ => continue,
            };
            let reason = format!("\"copy_to\" {target:?} is {wrong}; a field is expected");
            return Err(MappingError::new(&copy.pointer, reason));
        }
        Ok(())
    }
}

/// Resolves `copy_to`; `find` knows a field's id and the nested object around it.
///
/// A value can be copied to the nested object that it stands in, and to those around it. A target that the mapping does
/// not have would be made by Elasticsearch; no query can name it here.
pub(in crate::mapping) fn targets_of_copies(
    leaves: &mut Leaves<'_>,
    nested: &[NestedObject],
    find: impl Fn(&str) -> Option<(FieldId, NestedId)>,
) -> Result<(), MappingError> {
    for copy in std::mem::take(&mut leaves.copies) {
        let Some(source) = leaves.fields.iter_mut().find(|field| field.id == copy.source) else { continue };
        for target in &copy.targets {
            let Some((id, scope)) = find(target) else { continue };
            if !is_around(source, scope, nested) {
                let reason = format!("\"copy_to\" {target:?} leads into a nested object that the field is not in");
                return Err(MappingError::new(copy.pointer, reason));
            }
            source.copy_to.push(id);
        }
    }
    Ok(())
}

fn is_around(field: &Field, scope: NestedId, nested: &[NestedObject]) -> bool {
    let parent = |id: &NestedId| nested.get(id.0 as usize).and_then(|nested| nested.parent);
    std::iter::successors(Some(field.nested), parent).any(|around| around == scope)
}
